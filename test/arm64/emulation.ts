import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");
/** What set-up builds for boards. */
export const BUILT = join(ROOT, "native/build/aarch64");
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "jetfleet");
/** An unpacked Debian 11 for arm64 and the emulator for it. */
export const USERLAND = join(CACHE, "arm64-userland");

/** Runs a program of arm64 in the unpacked system, where `folders` stand under the same names. */
export function emulated(folders: readonly string[], program: string, ...args: string[]) {
  const enter = ["-Ur", "-m", join(import.meta.dirname, "enter.sh"), USERLAND, folders.join(":")];
  return spawnSync("unshare", [...enter, program, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
}

const made = [join(BUILT, "jetfleet.node"), join(USERLAND, "root")].every(existsSync);
/** Why nothing of arm64 can be run here; null when it can. */
export const whyNot = !made
  ? "npm run setup -- --boards aarch64 --emulated"
  : emulated([ROOT], "/bin/true").status === 0
    ? null
    : "this machine lets nobody register an emulator";
