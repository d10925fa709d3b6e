/** A misbehaving camera to look at: `node test/cameras/program.ts NAME`, or `--list`. */
import { makeClip } from "./clip.ts";
import { type CameraOptions, RtspCamera } from "./rtsp-camera.ts";

const CAMERAS: Record<string, () => CameraOptions> = {
  plain: () => ({}),
  "b-frames": () => ({ clip: makeClip({ bFrames: 3 }) }),
  "mid-group": () => ({ startAt: 10 }),
  "mid-group-h265-without-sets": () => ({
    ...{ clip: makeClip({ codec: "h265" }), tracks: ["h265"], sprop: false, startAt: 10 },
  }),
  stall: () => ({ stall: { at: 100, ms: 1000 } }),
  freeze: () => ({ freeze: { at: 100, ms: 18_000 } }),
  loss: () => ({ lose: (picture, packet) => picture % 100 === 50 && packet === 0 }),
  "udp-only": () => ({ transports: ["udp"] }),
  "udp-blocked": () => ({ silentOver: "udp" }),
  "sha-256": () => ({ auth: { scheme: "sha256", user: "user", password: "password" } }),
  "audio-only": () => ({ tracks: ["audio"] }),
  "jpeg-beside": () => ({ tracks: ["jpeg", "h264"] }),
  "seven-seconds": () => ({ fps: 1 / 7 }),
  "short-session": () => ({ sessionSeconds: 12 }),
  "wrong-clock": () => ({ tags: false, reportMs: 500, clock: (ms) => ms - 3_600_000 }),
};

const name = process.argv[2] ?? "--list";
const make = CAMERAS[name];
if (make === undefined) {
  console.log(Object.keys(CAMERAS).join("\n"));
  process.exitCode = name === "--list" ? 0 : 2;
} else {
  const camera = await new RtspCamera(make()).start();
  console.log(camera.uri());
}
