// Completes package-lock.json: `node cli/setup/lockfile.mjs [--check]`, after every `npm install`.
//
// npm leaves a package for another platform out of the lockfile when the registry in use does not
// carry it, and `npm ci` then refuses that lockfile everywhere. The missing entries need no digest:
// npm never fetches a package whose `os`, `cpu` or `libc` is not the machine's.

import { readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const LOCKFILE = fileURLToPath(new URL("../../package-lock.json", import.meta.url));
const OPERATING_SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const PROCESSORS = ["arm64", "arm", "x64", "ia32", "ppc64", "riscv64", "s390x"];

/**
 * @typedef {{ version: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[],
 *   libc?: string[], optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lock
 */

/**
 * The `os`, `cpu` and `libc` fields that a platform package's name speaks of, or undefined.
 * @param {string} packageName
 */
export function platformOf(packageName) {
  const words = (packageName.split("/").pop() ?? "").split("-");
  const os = OPERATING_SYSTEMS.find((name) => words.includes(name));
  const cpu = PROCESSORS.find((name) => words.includes(name));
  if (!os || !cpu) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.some((word) => word.startsWith("gnu"))
      ? ["glibc"]
      : undefined;
  return { os: [os], cpu: [cpu], ...(libc ? { libc } : {}) };
}

/**
 * Optional platform packages that some package asks for and the lockfile does not name.
 * @param {Lock} lock
 */
export function missingPlatformPackages(lock) {
  /** @type {Map<string, { version: string, by: Entry }>} */
  const missing = new Map();
  for (const entry of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!lock.packages[`node_modules/${name}`]) missing.set(name, { version, by: entry });
    }
  }
  return missing;
}

/**
 * The lockfile with an entry for each missing platform package, keys sorted as npm sorts them.
 * @param {Lock} lock
 */
export function completeLockfile(lock) {
  const packages = { ...lock.packages };
  for (const [name, { version, by }] of missingPlatformPackages(lock)) {
    const platform = platformOf(name);
    if (!platform || !/^\d/.test(version)) {
      throw new Error(
        `expected an exact version and a platform in the name, got ${name}@${version}`,
      );
    }
    const { os, cpu, libc } = platform;
    packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(by.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os,
    };
  }
  const sorted = Object.keys(packages).sort((a, b) => a.localeCompare(b, "en"));
  return { ...lock, packages: Object.fromEntries(sorted.map((key) => [key, packages[key]])) };
}

/** @param {string[]} args */
function main(args) {
  /** @type {Lock} */
  const lock = JSON.parse(readFileSync(LOCKFILE, "utf8"));
  const missing = [...missingPlatformPackages(lock).keys()];
  if (missing.length === 0) return console.log("package-lock.json names every platform package.");
  if (args.includes("--check")) {
    console.error(`package-lock.json lacks ${missing.length} platform packages, for instance ${missing[0]}.
  next: node cli/setup/lockfile.mjs`);
    process.exitCode = 1;
    return;
  }
  writeFileSync(`${LOCKFILE}.new`, `${JSON.stringify(completeLockfile(lock), null, 2)}\n`);
  renameSync(`${LOCKFILE}.new`, LOCKFILE);
  console.log(`package-lock.json: added ${missing.length} platform packages.`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2));
}
