/**
 * Addresses of sources, as far as they can be judged without the device. The native runtime judges them by the same rules
 * (native/core/media/source_address.h), and one table of cases holds both (test/fleet/spec/source-address-cases.json).
 */

const NETWORK = ["rtsp://", "rtsps://"];
const FILE = "file://";
const FORMATS = ["raw", "mjpeg", "h264", "h265"];
const WHOLE = /^[1-9]\d{0,4}$/;
const MOST: ReadonlyMap<string, number> = new Map([
  ["width", 16_384],
  ["height", 16_384],
  ["fps", 1000],
]);

/** What follows the scheme of a camera at the device, or of a pattern. */
const DEVICES: Record<string, { name: RegExp; wanted: string }> = {
  "v4l2://": { name: /^\/dev\/[\w./-]+$/, wanted: "a device, v4l2:///dev/video0" },
  "csi://": { name: /^(0|[1-9]\d?)$/, wanted: "the number of a sensor, csi://0" },
  "test://": {
    name: /^[a-z0-9-]*$/,
    wanted: "a pattern of videotestsrc, test://smpte or test://ball",
  },
};

const SCHEMES = [...NETWORK, FILE, ...Object.keys(DEVICES)];

/** What is wrong with an address, to stand behind its name; null when it can be tried. */
export function addressProblem(uri: string): string | null {
  const scheme = SCHEMES.find((known) => uri.startsWith(known));
  if (scheme === undefined) return `must begin with ${SCHEMES.join(", ")}`;
  if (scheme === FILE) return null;
  if (/[\s"<>\p{Cc}]/u.test(uri)) {
    return "has a space, a quote or a bracket in it; write %20, %22, %3C, %3E";
  }
  const device = DEVICES[scheme];
  return device === undefined ? networkProblem(uri) : deviceProblem(uri, scheme, device);
}

/** Nobody could tell where the password ends, and half of it would be taken for host and path. */
function networkProblem(uri: string): string | null {
  return /^[a-z]+:\/\/[^/?#]*[/?#].*@/.test(uri)
    ? "has an @ behind a /, ? or #; in user and password write %2F for /, %3F for ?, %23 for #, " +
        "and in path and query %40 for @"
    : null;
}

function deviceProblem(
  uri: string,
  scheme: string,
  { name, wanted }: { name: RegExp; wanted: string },
): string | null {
  const question = uri.indexOf("?");
  const end = question < 0 ? uri.length : question;
  if (!name.test(uri.slice(scheme.length, end))) return `must name ${wanted}`;
  if (question < 0) return null;
  const keys = new Set<string>();
  for (const setting of uri.slice(question + 1).split("&")) {
    const [key = ""] = setting.split("=", 1);
    const problem = settingProblem(key, setting.slice(key.length + 1), scheme);
    if (problem !== null) return problem;
    if (keys.has(key)) return `takes ${key} once`;
    keys.add(key);
  }
  return null;
}

function settingProblem(key: string, value: string, scheme: string): string | null {
  const formats = scheme === "v4l2://" ? FORMATS : [];
  if (key === "format" && formats.length > 0) {
    return formats.includes(value) ? null : `takes format ${formats.join(", ")}, not ${value}`;
  }
  const most = MOST.get(key);
  if (most === undefined) {
    const known = [...MOST.keys(), ...(formats.length > 0 ? ["format"] : [])];
    return `takes ${known.join(", ")} behind the ?, not ${key}`;
  }
  return WHOLE.test(value) && Number(value) <= most
    ? null
    : `takes a whole number from 1 to ${most} for ${key}, not ${value}`;
}
