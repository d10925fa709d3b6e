/** @typedef {[number, number, number]} Version */

/**
 * The first x.y or x.y.z in a program's answer: "v3.259.0", "go version go1.26.8 linux/amd64".
 * @param {string} text
 * @returns {Version | undefined}
 */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/**
 * @param {Version} version
 * @param {Version} floor
 */
export function isAtLeast(version, floor) {
  for (let i = 0; i < 3; i++) {
    const difference = (version[i] ?? 0) - (floor[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** @param {Version} version */
export function formatVersion(version) {
  return version.join(".");
}
