/** Addresses of sources, as far as they can be judged without the device. The native runtime reads them by the same rules. */

const NETWORK = ["rtsp://", "rtsps://"];
const FORMATS = ["raw", "mjpeg", "h264", "h265"];
const WHOLE = /^[1-9]\d{0,4}$/;
const MOST = { width: 16_384, height: 16_384, fps: 1000 } as const;

/** What follows the scheme of a camera at the device, or of a pattern. */
const DEVICES: Record<string, { name: RegExp; wanted: string }> = {
  "v4l2://": { name: /^\/dev\/[\w./-]+$/, wanted: "a device, v4l2:///dev/video0" },
  "csi://": { name: /^\d{1,2}$/, wanted: "the number of a sensor, csi://0" },
  "test://": {
    name: /^[a-z0-9-]*$/,
    wanted: "a pattern of videotestsrc, test://smpte or test://ball",
  },
};

const SCHEMES = [...NETWORK, "file://", ...Object.keys(DEVICES)];

/** What is wrong with an address, to stand behind its name; null when it can be tried. */
export function addressProblem(uri: string): string | null {
  const scheme = SCHEMES.find((known) => uri.startsWith(known));
  if (scheme === undefined) return `must begin with ${SCHEMES.join(", ")}`;
  const device = DEVICES[scheme];
  if (device === undefined) return null;
  const [name = "", ...settings] = uri.slice(scheme.length).split(/[?&]/);
  if (!device.name.test(name)) return `must name ${device.wanted}`;
  for (const setting of settings) {
    const problem = settingProblem(setting, scheme);
    if (problem !== null) return problem;
  }
  return null;
}

function settingProblem(setting: string, scheme: string): string | null {
  const [key = "", value = ""] = setting.split("=");
  if (key === "format" && scheme === "v4l2://") {
    return FORMATS.includes(value) ? null : `takes format ${FORMATS.join(", ")}, not ${value}`;
  }
  if (!(key in MOST)) {
    const known = [...Object.keys(MOST), ...(scheme === "v4l2://" ? ["format"] : [])];
    return `takes ${known.join(", ")} behind the ?, not ${key}`;
  }
  const most = MOST[key as keyof typeof MOST];
  return WHOLE.test(value) && Number(value) <= most
    ? null
    : `takes a whole number from 1 to ${most} for ${key}, not ${value}`;
}
