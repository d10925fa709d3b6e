import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fetchWheel } from "../wheel.mjs";
import { stubsOf } from "./symbols.mjs";

/** @typedef {import("./symbols.mjs").Wanted} Wanted */

/** Clang with the C library of any glibc: 101 MB. */
const COMPILER = "ziglang==0.17.1";
/** @type {Record<string, { sha256: string }>} by the machine it runs on, as Node calls it */
const COMPILERS = {
  x64: { sha256: "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54" },
  arm64: { sha256: "b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e" },
};

/** libyuv as a static library, for JetPack has none. Its maker builds it for glibc 2.28: the gate sees what comes of it. */
const LIBYUV = {
  requirement: "comma-deps-libyuv==1922.0.post95",
  sha256: "b456db397038e85777dbb65e5b53928b7c0ddfeb93c3b2c166724b754e488f2c",
  platform: "manylinux_2_28_aarch64",
  python: "3.12",
};

export const TARGET = "aarch64-linux-gnu.2.27";

/**
 * Where the tools are, fetched when they are not: the compiler, headers that differ between machines, libyuv, and
 * libraries to link against.
 * @param {string} folder
 * @param {Wanted[]} wanted of a board's libraries
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the compiler's program
 */
export async function requireTools(folder, wanted, say) {
  const zig = join(folder, "ziglang/zig");
  if (!existsSync(join(folder, "complete"))) await fetchTools(folder, say);
  makeStubs(zig, join(folder, "lib"), wanted);
  return zig;
}

/**
 * @param {string} folder
 * @param {(text: string) => void} say
 */
async function fetchTools(folder, say) {
  const compiler = COMPILERS[process.arch];
  if (!compiler) throw new Error(`Expected a machine of x64 or arm64 but this is ${process.arch}`);
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}.`);
  try {
    say(`fetching a compiler (${COMPILER}, 101 MB) and ${LIBYUV.requirement}`);
    const wheel = await fetchWheel(work, { requirement: COMPILER, ...compiler });
    renameSync(join(wheel, "ziglang"), join(work, "ziglang"));
    // An archive of this kind knows no executable files.
    chmodSync(join(work, "ziglang/zig"), 0o755);
    const yuv = await fetchWheel(work, LIBYUV);
    const data = readdirSync(yuv).find((name) => name.endsWith(".data")) ?? "";
    const installed = join(yuv, data, "purelib/libyuv/install");
    cpSync(join(installed, "include"), join(work, "include"), { recursive: true });
    cpSync(join(installed, "lib"), join(work, "lib"), { recursive: true });
    writeFileSync(join(work, "include/glibconfig.h"), glibConfig());
    for (const rest of readdirSync(work).filter((name) => name.startsWith("wheel-"))) {
      rmSync(join(work, rest), { recursive: true });
    }
    writeFileSync(join(work, "complete"), "");
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Of GLib's headers only this one differs between 64-bit machines, and in one line: how a va_list is copied. */
function glibConfig() {
  const options = /** @type {const} */ ({ encoding: "utf8" });
  const libraries = execFileSync("pkg-config", ["--variable=libdir", "glib-2.0"], options).trim();
  const header = readFileSync(join(libraries, "glib-2.0/include/glibconfig.h"), "utf8");
  return header.replace(/^#define G_VA_COPY_AS_ARRAY.*\n/m, "");
}

/**
 * @param {string} zig
 * @param {string} folder
 * @param {Wanted[]} wanted
 */
function makeStubs(zig, folder, wanted) {
  for (const { library, assembly, versions } of stubsOf(wanted)) {
    const at = join(folder, library);
    writeFileSync(`${at}.s`, assembly);
    writeFileSync(`${at}.map`, versions);
    const named = [
      `-Wl,-soname,${library}`,
      ...(versions ? [`-Wl,--version-script=${at}.map`] : []),
    ];
    const args = ["cc", "-target", TARGET, "-nostdlib", "-shared", ...named, "-o", at, `${at}.s`];
    execFileSync(zig, args, { env: { ...process.env, ...zigCaches(dirname(folder)) } });
  }
}

/**
 * What was compiled of the compiler's own libraries is kept beside it.
 * @param {string} folder
 */
export function zigCaches(folder) {
  const cache = join(folder, "cache");
  return { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
}
