// Which npm runs `npm ci`. On Node below 20.19 npm silently leaves out optional packages whose
// `engines` ask for more (the test runner's and the linter's binaries), and an npm below 10 does not
// know `libc`. There the lockfile's own Node 24 and a current npm are fetched first.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "../errors.mjs";
import { exec, outputOf } from "../exec.mjs";
import { findOnPath, withoutNodeModules } from "../lookup.mjs";
import { isAtLeast, parseVersion } from "../version.mjs";

const NPM = {
  name: "npm",
  version: "11.19.1",
  integrity:
    "sha512-ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g==",
};

/** @typedef {{ command: string, args: string[], env: Record<string, string> }} NpmCommand */

/**
 * @param {import("./step.mjs").Context} context
 * @returns {Promise<NpmCommand>}
 */
export async function npmCommand(context) {
  const npm = findOnPath("npm");
  if (!npm) {
    throw new SetupError(
      "SETUP_MISSING",
      "expected npm on PATH, found none",
      "apt-get install npm, or install Node from nodejs.org, which brings it",
    );
  }
  const node = outputOf(findOnPath("node") ?? "node", ["--version"]) ?? "";
  const version = outputOf(npm, ["--version"]) ?? "";
  context.log(`npm ${version} on Node ${node}`);
  if (isRecentEnough(node, version)) return { command: npm, args: [], env: {} };
  context.progress("fetching Node 24 and npm for the installation");
  return fetchedNpm(context, npm);
}

/**
 * @param {string} node as `node --version` says
 * @param {string} npm as `npm --version` says
 */
export function isRecentEnough(node, npm) {
  const nodeVersion = parseVersion(node);
  const npmVersion = parseVersion(npm);
  if (!nodeVersion || !npmVersion) return false;
  return isAtLeast(nodeVersion, [20, 19, 0]) && isAtLeast(npmVersion, [10, 0, 0]);
}

/**
 * @param {import("./step.mjs").Context} context
 * @param {string} npm
 * @returns {Promise<NpmCommand>}
 */
async function fetchedNpm(context, npm) {
  const nodeFolder = await fetched(context, npm, lockedNode(context.root));
  const npmFolder = await fetched(context, npm, NPM);
  const bin = join(nodeFolder, "bin");
  return {
    command: join(bin, "node"),
    args: [join(npmFolder, "bin", "npm-cli.js")],
    env: { PATH: `${bin}:${withoutNodeModules(process.env.PATH)}` },
  };
}

/** @param {string} root */
function lockedNode(root) {
  const name = `node-linux-${process.arch}`;
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const entry = lock.packages[`node_modules/${name}`];
  if (entry) return { name, version: entry.version, integrity: entry.integrity };
  throw new SetupError(
    "SETUP_MISSING",
    `expected an x64 or arm64 machine, got ${process.arch}`,
    "run jetfleet on such a machine",
  );
}

/**
 * A package's folder in the cache, fetched by `npm pack` and checked against its digest.
 * @param {import("./step.mjs").Context} context
 * @param {string} npm
 * @param {{ name: string, version: string, integrity: string }} wanted
 */
async function fetched({ cache, signal, log }, npm, { name, version, integrity }) {
  const folder = join(cache, "npm", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  try {
    const options = { signal, onLine: log, deadlineMs: 300_000, cwd: temporary };
    await exec(npm, ["pack", "--ignore-scripts", `${name}@${version}`], options);
    const archive = join(temporary, `${name}-${version}.tgz`);
    requireDigest(archive, integrity);
    await exec("tar", ["-xzf", archive], options);
    // Lost to a set-up beside us: its folder holds the same.
    if (!existsSync(folder)) renameSync(join(temporary, "package"), folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

/**
 * @param {string} archive
 * @param {string} integrity "sha512-<base64>"
 */
function requireDigest(archive, integrity) {
  const got = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (got === integrity) return;
  throw new SetupError(
    "SETUP_FAILED",
    `expected ${archive} to have the digest ${integrity}, got ${got}`,
    "check the npm registry in use, then `npm run setup`",
  );
}
