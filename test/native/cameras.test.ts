import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { PipelineStats } from "../../fleet/contract/index.ts";
import type { NativeSource } from "../../native/binding/api.ts";
import { isParameterSet, makeClip } from "../cameras/clip.ts";
import { type CameraOptions, RtspCamera } from "../cameras/rtsp-camera.ts";
import { Fixture, Run } from "./addon.ts";

const fixture = new Fixture();
const folder = mkdtempSync(join(tmpdir(), "jetfleet-cameras-"));
afterAll(() => {
  fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

type Source = Partial<NativeSource>;

/** Watches a camera until something is true of the run, and hands both on for a look. */
async function watch(
  camera: CameraOptions,
  until: (run: Run) => boolean,
  source: Source & { credentials?: string } = {},
  look: (run: Run, camera: RtspCamera) => void | Promise<void> = () => {},
): Promise<Run> {
  await using served = await new RtspCamera(camera).start();
  const { credentials = "", ...rest } = source;
  const uri = served.uri(credentials);
  const options = { uri, transport: "tcp", loop: false, timeoutMs: 1500, ...rest } as const;
  const run = await Run.start(fixture.options({ sources: [options] }));
  try {
    await run.until(until);
    await look(run, served);
  } finally {
    await run.stop();
  }
  return run;
}

const numbers = (run: Run): number[] => run.frames.map((frame) => frame.sourceFrame ?? -1);
const reached = (number: number) => (run: Run) => numbers(run).some((n) => n >= number);
const codes = (run: Run): string[] =>
  run.messages.flatMap((m) => ("error" in m && m.error !== null ? [m.error.code] : []));
const isLost = (run: Run): boolean => run.states.includes("lost");
const warned = (run: Run): string[] =>
  run.messages.flatMap((m) => (m.type === "warning" ? [m.error.code] : []));
const drops = (run: Run): Record<string, number> =>
  Object.fromEntries(
    (run.stats.at(-1)?.drops ?? [])
      .filter((drop) => drop.place === "decode")
      .map(({ reason, total }) => [reason, total]),
  );
const grows = (values: number[]): boolean =>
  values.every((v, i) => i === 0 || v > (values[i - 1] ?? v));

describe("no result is made of a broken picture", () => {
  test("joined between two key pictures: the first result is the next key picture, and it is said", async () => {
    const run = await watch({ startAt: 10 }, reached(30));
    expect(numbers(run)[0]).toBeGreaterThanOrEqual(15);
    expect(drops(run)["before-key-frame"]).toBe(15);
    expect(warned(run)).toEqual(["SOURCE_JOINED"]);
  });

  test("TCP that stalls for a second and catches up: nothing coded is lost", async () => {
    const run = await watch({ stall: { at: 30, ms: 1000 } }, reached(70));
    expect(drops(run)).toEqual({});
    const after = numbers(run).filter((n) => n >= 56);
    expect(after.length).toBeGreaterThanOrEqual(12);
  });

  test.each([
    ["the first packet", 0],
    ["a packet in the middle", 1],
  ])(
    "a loss of %s over UDP: results go on with the next key picture, and it is said once",
    async (_, place) => {
      const clip = makeClip({ size: "640x480" });
      const run = await watch(
        { clip, lose: (picture, packet) => picture === 30 && packet === place },
        reached(60),
        { transport: "udp" },
      );
      expect(numbers(run).filter((n) => n >= 30 && n < 50)).toEqual([]);
      expect(warned(run)).toEqual(["SOURCE_LOSS"]);
      expect(drops(run)["after-loss"]).toBeGreaterThanOrEqual(19);
    },
  );

  test("a picture that the camera itself left out is noticed by its number", async () => {
    const run = await watch({ skip: (picture) => picture === 30 }, reached(60));
    expect(numbers(run).filter((n) => n >= 30 && n < 50)).toEqual([]);
    expect(warned(run)).toEqual(["SOURCE_LOSS"]);
  });

  test("bytes that came wrong: the picture and those made from it are no results", async () => {
    const run = await watch(
      {
        clip: makeClip({ size: "640x480" }),
        corrupt: (nals, picture) =>
          picture === 30
            ? nals.map((nal) => Buffer.concat([nal.subarray(0, 60), nal.subarray(60).fill(0x5a)]))
            : nals,
      },
      reached(60),
    );
    expect(numbers(run).filter((n) => n >= 31 && n < 50)).toEqual([]);
    expect(warned(run)).toEqual(["SOURCE_LOSS"]);
  });

  test("no key picture at all is told as that", { timeout: 40_000 }, async () => {
    const clip = makeClip({ gop: 250, seconds: 8 });
    const keyless = { ...clip, pictures: clip.pictures.filter((picture) => !picture.key) };
    const run = await watch({ clip: keyless }, isLost, { stallTimeoutMs: 3000 });
    expect(codes(run)).toContain("SOURCE_NO_KEY_FRAME");
    expect(run.frames).toEqual([]);
  });

  test("another size from a key picture on", async () => {
    const run = await watch({ change: { at: 50, to: makeClip({ size: "320x240" }) } }, reached(70));
    const sizes = new Set(run.frames.map((frame) => `${frame.width}x${frame.height}`));
    expect([...sizes]).toEqual(["160x120", "320x240"]);
    const first = run.frames.findIndex((frame) => frame.width === 320);
    expect(run.frames[first]?.sourceFrame).toBeGreaterThanOrEqual(50);
    expect(run.states).toEqual(["connecting", "playing"]);
  });
});

describe("cameras of other codecs", () => {
  const large = { size: "640x480" };
  const h265 = makeClip({ ...large, codec: "h265" });
  const jpeg = makeClip({ ...large, codec: "jpeg" });

  test.each<[string, CameraOptions, string]>([
    ["H.265", { clip: h265, tracks: ["h265"] }, "avdec_h265"],
    [
      "H.265 with B-frames",
      { clip: makeClip({ codec: "h265", bFrames: 3 }), tracks: ["h265"] },
      "",
    ],
    ["H.265 beside sound", { clip: h265, tracks: ["audio", "h265"] }, "avdec_h265"],
    ["H.265 before JPEG", { clip: h265, tracks: ["jpeg", "h265"] }, "avdec_h265"],
    ["JPEG", { clip: jpeg, tracks: ["jpeg", "audio"] }, "jpegdec"],
  ])("%s plays at once, and telemetry names the decoder", async (_, camera, decoder) => {
    const run = await watch(camera, (r) => r.frames.length > 20 && r.stats.length > 0);
    expect(codes(run)).toEqual([]);
    expect(run.states).toEqual(["connecting", "playing"]);
    expect(run.stats.at(-1)?.source.decoder).toContain(decoder);
    expect(grows(run.frames.map((frame) => frame.ptsMs))).toBe(true);
    expect(drops(run)).toEqual({});
  });

  test("H.265 joined between two key pictures: nothing before the next one is a result", async () => {
    const camera: CameraOptions = { clip: h265, tracks: ["h265"], startAt: 10 };
    const run = await watch(camera, (r) => r.frames.length > 10 && "before-key-frame" in drops(r));
    expect(drops(run)["before-key-frame"]).toBe(15);
    expect(warned(run)).toEqual(["SOURCE_JOINED"]);
  });

  test("H.265 over UDP with a loss: results go on with the next key picture, and it is said", async () => {
    const run = await watch(
      { clip: h265, tracks: ["h265"], lose: (picture, packet) => picture === 30 && packet === 0 },
      (r) => r.frames.length > 40,
      { transport: "udp" },
    );
    expect(warned(run)).toEqual(["SOURCE_LOSS"]);
    expect(drops(run)["after-loss"]).toBeGreaterThanOrEqual(19);
  });

  test("a lost packet of JPEG costs its own picture alone", async () => {
    const run = await watch(
      { clip: jpeg, tracks: ["jpeg"], lose: (picture, packet) => picture === 20 && packet === 0 },
      (r) => (r.frames.at(-1)?.ptsMs ?? 0) > 1600 && r.stats.some((s) => s.framesTotal > 30),
      { transport: "udp" },
    );
    expect(drops(run)["after-loss"] ?? 0).toBeLessThanOrEqual(1);
    expect(run.states).toEqual(["connecting", "playing"]);
  });

  test("a camera that is set to another codec is read on after its connection is lost", async () => {
    await using first = await new RtspCamera({ closeAt: 20 }).start();
    const { port } = new URL(first.uri(""));
    const source = { uri: first.uri(""), transport: "tcp", loop: false, timeoutMs: 1500 } as const;
    const run = await Run.start(fixture.options({ sources: [source] }));
    try {
      await run.until(isLost);
      await first.stop();
      await using second = await new RtspCamera({ clip: h265, tracks: ["h265"] }).startAt(+port);
      await run.until((r) => r.states.filter((state) => state === "playing").length === 2);
      expect(second.requests.length).toBeGreaterThan(0);
    } finally {
      await run.stop();
    }
  });
});

describe("every picture that a camera sends is a result or is counted", () => {
  const PICTURES = 60;
  /** Also what a busy machine drops later, in front of the model: `drops` has only what was dropped coded. */
  const accounted = (run: Run): number => run.frames.length + (run.stats.at(-1)?.droppedTotal ?? 0);
  const clips = {
    h264: makeClip({ size: "640x480" }),
    h265: makeClip({ size: "640x480", codec: "h265" }),
  };

  test.each([
    ["H.265", "h265", false],
    ["H.265", "h265", true],
    ["H.264", "h264", false],
    ["H.264", "h264", true],
  ] as const)(
    "%s joined between two key pictures (parameter sets told beforehand: %3$s)",
    async (_, codec, sprop) => {
      const camera = { clip: clips[codec], tracks: [codec], startAt: 10, sprop };
      const run = await watch(
        { ...camera, pictures: PICTURES },
        (r) => r.stats.length > 0 && accounted(r) >= PICTURES,
      );
      expect(accounted(run)).toBe(PICTURES);
      expect(drops(run)).toEqual({ "before-key-frame": 15 });
      expect(warned(run)).toEqual(["SOURCE_JOINED"]);
    },
  );

  test.each(["h264", "h265"] as const)(
    "%s of which the last packet of a key picture is lost: it is counted, too",
    async (codec) => {
      const lose = (picture: number, packet: number, packets: number) =>
        picture === 25 && packet === packets - 1;
      const camera = { clip: clips[codec], tracks: [codec], lose };
      const run = await watch(
        { ...camera, pictures: PICTURES },
        (r) => r.stats.length > 0 && accounted(r) >= PICTURES,
        { transport: "udp" },
      );
      expect(accounted(run)).toBe(PICTURES);
      expect(Object.values(drops(run)).reduce((sum, total) => sum + total)).toBe(25);
      expect(warned(run)).toEqual(["SOURCE_LOSS"]);
    },
  );

  test.each(["h264", "h265"] as const)(
    "%s whose parameter sets end like a picture: they are none, and none is lost for them",
    async (codec) => {
      const camera = { clip: clips[codec], tracks: [codec], startAt: 10, sprop: false };
      const run = await watch(
        { ...camera, earlySets: true, pictures: PICTURES },
        (r) => r.stats.length > 0 && accounted(r) >= PICTURES,
      );
      expect(accounted(run)).toBe(PICTURES);
      expect(drops(run)).toEqual({ "before-key-frame": 15 });
    },
  );

  test("a camera whose parameter sets never come sends pictures, and it is said", async () => {
    const run = await watch(
      {
        ...{ clip: clips.h265, tracks: ["h265"], sprop: false },
        corrupt: (nals) => nals.filter((nal) => !isParameterSet(nal, "h265")),
      },
      (r) => isLost(r) && (drops(r)["before-key-frame"] ?? 0) > 20,
      { stallTimeoutMs: 3000 },
    );
    expect(codes(run)).toContain("SOURCE_NO_KEY_FRAME");
    expect(run.frames).toEqual([]);
  });
});

describe("what is known of a picture is its own", () => {
  test("B-frames: numbers in the order of display, each with its own time", async () => {
    const run = await watch({ clip: makeClip({ bFrames: 3 }) }, reached(75));
    expect(grows(numbers(run))).toBe(true);
    const [first] = run.frames;
    for (const frame of run.frames) {
      const passed = ((frame.sourceFrame ?? 0) - (first?.sourceFrame ?? 0)) * 40;
      expect(Math.abs(frame.ptsMs - (first?.ptsMs ?? 0) - passed)).toBeLessThan(15);
      expect((frame.capturedAtMs ?? 0) - (first?.capturedAtMs ?? 0)).toBeCloseTo(passed, 0);
    }
  });

  test("at three times the possible load no frame has the number of a neighbour", async () => {
    const clip = makeClip({ bFrames: 2, size: "1280x720", fps: 100, seconds: 2, gop: 50 });
    const run = await watch({ clip, fps: 300 }, reached(600));
    const seen = numbers(run);
    expect(grows(seen)).toBe(true);
    const [first] = run.frames;
    for (const frame of run.frames) {
      const passed = ((frame.sourceFrame ?? 0) - (first?.sourceFrame ?? 0)) * (1000 / 300);
      expect((frame.capturedAtMs ?? 0) - (first?.capturedAtMs ?? 0)).toBeCloseTo(passed, 0);
    }
  });

  test("sender reports give the time of capture", async () => {
    const run = await watch({ tags: false, reportMs: 200 }, (r) => r.frames.length > 40);
    const lateMs = Date.now() - (run.frames.at(-1)?.capturedAtMs ?? 0);
    expect(lateMs).toBeGreaterThan(-50);
    expect(lateMs).toBeLessThan(1500);
    expect(run.stats.at(-1)?.latencyFrom).toBe("capture");
    expect(grows(run.frames.map((frame) => frame.capturedAtMs ?? 0))).toBe(true);
  });

  test("a camera whose clock is an hour off gives no capture times, and it is said", async () => {
    const run = await watch(
      { tags: false, reportMs: 200, clock: (ms) => ms - 3_600_000 },
      (r) => r.frames.length > 30 && r.stats.some((s) => s.source.clockOffsetMs !== undefined),
    );
    expect(run.frames.every((frame) => frame.capturedAtMs === null)).toBe(true);
    expect(warned(run)).toEqual(["SOURCE_CLOCK"]);
    const stats = PipelineStats.parse(run.stats.at(-1));
    expect(Math.abs((stats.source.clockOffsetMs ?? 0) - 3_600_000)).toBeLessThan(2000);
    expect(stats.latencyFrom).toBe("arrival");
  });

  test("an outage is as long as it was", async () => {
    const run = await watch({ freeze: { at: 40, ms: 4000 } }, (r) => r.frames.length > 60, {
      stallTimeoutMs: 1000,
    });
    expect(run.states).toContain("lost");
    const pts = run.frames.map((frame) => frame.ptsMs);
    const gaps = pts.map((v, i) => v - (pts[i - 1] ?? v));
    expect(grows(pts)).toBe(true);
    expect(Math.max(...gaps)).toBeGreaterThan(1000);
  });
});

// These wait for cameras that say little or nothing, so they may wait together.
describe.concurrent("silence", () => {
  test("a picture every three seconds is no loss", { timeout: 40_000 }, async () => {
    const run = await watch({ fps: 1 / 3 }, (r) => r.frames.length >= 4);
    expect(run.states).toEqual(["connecting", "playing"]);
  });

  test("a setting says how long silence may last", async () => {
    const run = await watch({ pictures: 30 }, isLost, { stallTimeoutMs: 700 });
    expect(codes(run)[0]).toBe("SOURCE_SILENT");
  });

  test.each(["tcp", "udp"] as const)(
    "a camera that ends sessions without requests is kept alive over %s",
    { timeout: 40_000 },
    async (transport) => {
      const until = performance.now() + 14_000;
      const run = await watch(
        { sessionSeconds: 12 },
        () => performance.now() > until,
        { transport },
        (_, camera) => expect(camera.requests).toContain("GET_PARAMETER"),
      );
      expect(run.states).toEqual(["connecting", "playing"]);
    },
  );

  test("a camera that accepts connections and says nothing", async () => {
    const run = await watch({ mute: true }, isLost);
    expect(codes(run)[0]).toBe("SOURCE_UNREACHABLE");
  });
});

describe.concurrent("each cause has its own code", () => {
  const user = { user: "guard", password: "s3cret" };
  test.each<[string, CameraOptions, Source & { credentials?: string }, string]>([
    ["no credentials given", { auth: { scheme: "md5", ...user } }, {}, "SOURCE_AUTH_MISSING"],
    [
      "wrong password",
      { auth: { scheme: "md5", ...user } },
      { credentials: "guard:no" },
      "SOURCE_AUTH",
    ],
    [
      "wrong password, basic",
      { auth: { scheme: "basic", ...user } },
      { credentials: "guard:no" },
      "SOURCE_AUTH",
    ],
    [
      "digest with SHA-256 only",
      { auth: { scheme: "sha256", ...user } },
      { credentials: "guard:s3cret" },
      "SOURCE_AUTH_SCHEME",
    ],
    ["audio only", { tracks: ["audio"] }, {}, "SOURCE_NO_VIDEO"],
    ["no track", { tracks: [] }, {}, "SOURCE_NO_VIDEO"],
    ["MPEG-4 video only", { tracks: ["mpeg4", "audio"] }, {}, "SOURCE_CODEC"],
    ["a wrong path", { describeStatus: "404 Not Found" }, {}, "SOURCE_NOT_FOUND"],
    [
      "forbidden",
      { describeStatus: "403 Forbidden" },
      { credentials: "guard:s3cret" },
      "SOURCE_AUTH",
    ],
    [
      "an error of the camera",
      { describeStatus: "500 Internal Server Error" },
      {},
      "SOURCE_UNREACHABLE",
    ],
    ["both transports refused", { transports: [] }, {}, "SOURCE_TRANSPORT"],
    ["silence over TCP", { silent: true }, { stallTimeoutMs: 900 }, "SOURCE_SILENT"],
  ])("%s", async (_, camera, source, code) => {
    const run = await watch(camera, isLost, source);
    expect(codes(run)[0]).toBe(code);
    expect(JSON.stringify(run.messages)).not.toMatch(/s3cret|guard/);
    expect(run.frames).toEqual([]);
  });

  test.each<[string, CameraOptions, "tcp" | "udp", string]>([
    ["UDP only", { transports: ["udp"] }, "tcp", "SOURCE_TRANSPORT"],
    ["TCP only", { transports: ["tcp"] }, "udp", "SOURCE_TRANSPORT"],
    ["blocked UDP", { silentOver: "udp" }, "udp", "SOURCE_UDP_BLOCKED"],
  ])("%s: the other transport is used, and it is said", async (_, camera, transport, code) => {
    const run = await watch(camera, (r) => r.frames.length > 10 && r.stats.length > 0, {
      transport,
    });
    expect(codes(run)[0]).toBe(code);
    expect(run.states).toEqual(["connecting", "lost", "connecting", "playing"]);
    expect(run.stats.at(-1)?.source.transport).toBe(transport === "tcp" ? "udp" : "tcp");
  });

  test.each<[string, CameraOptions, "tcp" | "udp"]>([
    ["both", {}, "tcp"],
    ["TCP only", { transports: ["tcp"] }, "tcp"],
    ["UDP only", { transports: ["udp"] }, "udp"],
  ])("%s, of whatever can be had: it plays and nothing is said", async (_, camera, used) => {
    const playing = (r: Run): boolean => r.frames.length > 10 && r.stats.length > 0;
    const run = await watch(camera, playing, { transport: "auto" });
    expect(run.states).toEqual(["connecting", "playing"]);
    expect([...codes(run), ...warned(run)]).toEqual([]);
    expect(run.stats.at(-1)?.source.transport).toBe(used);
  });

  test("a camera that refuses both of whatever can be had is told so, and asked again", async () => {
    const refused = (r: Run): number => codes(r).filter((c) => c === "SOURCE_TRANSPORT").length;
    const run = await watch({ transports: [] }, (r) => refused(r) >= 2 && r.states.length >= 4, {
      transport: "auto",
    });
    expect(run.states.slice(0, 4)).toEqual(["connecting", "lost", "connecting", "lost"]);
  });

  test.each<[string, CameraOptions]>([
    ["JPEG before H.264", { tracks: ["jpeg", "h264"] }],
    ["H.265 before H.264", { tracks: ["h265", "audio", "h264"] }],
    ["H.264 before JPEG", { tracks: ["h264", "jpeg"] }],
    ["basic authentication", { auth: { scheme: "basic", ...user } }],
    ["digest authentication", { auth: { scheme: "md5", ...user } }],
    ["parameter sets in the stream only", { sprop: false }],
  ])("%s plays", async (_, camera) => {
    const run = await watch(camera, (r) => r.frames.length > 10, { credentials: "guard:s3cret" });
    expect(codes(run)).toEqual([]);
  });
});

describe("rtsps", () => {
  const files = { key: join(folder, "key.pem"), cert: join(folder, "cert.pem") };
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
      ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out", files.cert],
    ],
    { stdio: "ignore" },
  );
  const cert = readFileSync(files.cert, "utf8");
  const tls = { key: readFileSync(files.key, "utf8"), cert };
  const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();

  test("a certificate nobody vouches for is refused, and its fingerprint told", async () => {
    const run = await watch({ tls }, isLost);
    expect(codes(run)[0]).toBe("SOURCE_TLS");
    expect(JSON.stringify(run.messages)).toContain(fingerprint);
    expect(run.frames).toEqual([]);
  });

  test.each<[string, Source]>([
    ["its fingerprint", { tls: { fingerprint } }],
    ["its authority", { tls: { caFile: files.cert } }],
  ])("plays once %s is trusted", async (_, source) => {
    const run = await watch({ tls }, (r) => r.frames.length > 10, source);
    expect(codes(run)).toEqual([]);
  });

  test("digest with SHA-256 only has its own code here, too", async () => {
    const auth = { scheme: "sha256", user: "guard", password: "s3cret" } as const;
    const run = await watch({ tls, auth }, isLost, {
      tls: { fingerprint },
      credentials: "guard:s3cret",
    });
    expect(codes(run)[0]).toBe("SOURCE_AUTH_SCHEME");
    expect(JSON.stringify(run.messages)).not.toMatch(/s3cret|guard/);
  });

  test.each<[string, Source]>([
    ["another fingerprint", { tls: { fingerprint: "0".repeat(64) } }],
    ["a file that is no authority", { tls: { caFile: files.key } }],
    ["a file that is not there", { tls: { caFile: "/nowhere/ca.pem" } }],
  ])("is refused with %s", async (_, source) => {
    const run = await watch({ tls }, isLost, source);
    expect(codes(run)[0]).toBe("SOURCE_TLS");
  });
});
