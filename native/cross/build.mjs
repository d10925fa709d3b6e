// Builds what of the native runtime goes onto a board, for aarch64 and the oldest system of any: glibc 2.27, GStreamer
// 1.14 and GLib 2.56 of JetPack 4. Runs on any x86-64 or arm64 machine where the project is set up.
//   node native/cross/build.mjs CACHE [HEADERS…]      tools and their caches go to CACHE; products to native/build/aarch64
// A folder of TensorRT's headers builds its backend, too, which boards compile for themselves: for test/arm64.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ENTRIES, newestVersions, parseReadelf, whyNotLoadable } from "./gate.mjs";
import { fetchNodes } from "./node.mjs";
import { parseSymbols } from "./symbols.mjs";
import { requireTools, TARGET, zigCaches } from "./tools.mjs";

const native = fileURLToPath(new URL("..", import.meta.url));
const PRODUCTS = {
  "jetfleet.node": ENTRIES.addon,
  "libjetfleet-backend-onnxruntime.so": ENTRIES.backend,
};
const OUT = "build/aarch64";
const PACKAGES = [
  "gstvideo-1.0",
  "gstbase-1.0",
  "gstallocators-1.0",
  "gstreamer-1.0",
  "gio-2.0",
  "gobject-2.0",
  "glib-2.0",
];

const [cache, ...tensorrt] = process.argv.slice(2);
if (!cache) {
  console.error(
    "Expected the folder for the tools but got none: node native/cross/build.mjs CACHE",
  );
  process.exit(2);
}
const tools = resolve(cache);
const wanted = parseSymbols(readFileSync(join(native, "cross/symbols.txt"), "utf8"));
const zig = await requireTools(tools, wanted, (text) => console.log(text));
fetchNodes(join(native, ".."), join(native, OUT), (text) => console.log(text));
compile(Object.keys(PRODUCTS).map((name) => `${OUT}/${name}`));
for (const folder of tensorrt) compile(["tensorrt", `TENSORRT_INCLUDE=${resolve(folder)}`]);
judge();

/** @param {string[]} targets of native/Makefile */
function compile(targets) {
  const link = [
    "-s -Wl,-z,now -Wl,--gc-sections -Wl,--undefined-version",
    `-Wl,--version-script=${join(native, "cross/exports.map")}`,
    // First of all, or the compiler's own unwinder is taken, which a vendor's exception cannot pass: a segmentation fault.
    `-L${join(tools, "lib")} ${join(tools, "lib/libgcc_s.so.1")}`,
  ];
  const oldest =
    "-DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_56 -DGLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_56";
  const headers = [join(tools, "include"), "/usr/include/gstreamer-1.0", "/usr/include/glib-2.0"];
  const args = [
    "--no-print-directory",
    "-C",
    native,
    `-j${cpus().length}`,
    `BUILD=${OUT}`,
    `CXX=${zig} c++ -target ${TARGET}`,
    `GST_CFLAGS=${headers.map((folder) => `-isystem ${folder}`).join(" ")} ${oldest} -Werror=deprecated-declarations`,
    `GST_LIBS=${PACKAGES.flatMap(stubOf).join(" ")}`,
    `LDFLAGS=${link.join(" ")}`,
    ...targets,
  ];
  const { status } = spawnSync("make", args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...zigCaches(tools) },
  });
  if (status !== 0) throw new Error(`make ended with ${status}`);
}

/** @param {string} name */
function stubOf(name) {
  const library = `lib${name}.so.0`;
  return wanted.some((one) => one.library === library) ? [join(tools, "lib", library)] : [];
}

function judge() {
  const backends = readdirSync(join(native, OUT)).filter((name) => /-tensorrt-.*\.so$/.test(name));
  const products = [
    ...Object.entries(PRODUCTS),
    ...backends.map((name) => /** @type {const} */ ([name, ENTRIES.backend])),
  ];
  const reasons = products.flatMap(([name, entries]) => {
    const path = join(native, OUT, name);
    const words = execFileSync(
      "readelf",
      ["-W", "--file-header", "--dynamic", "--dyn-syms", path],
      { encoding: "utf8" },
    );
    const object = parseReadelf(words);
    const newest = Object.entries(newestVersions(object)).map(
      ([family, version]) => `${family}_${version}`,
    );
    console.log(
      `${name}: asks for ${newest.join(", ")} at most, and for ${object.needed.join(", ")}`,
    );
    return whyNotLoadable(object, wanted, { machine: "AArch64", entries }).map(
      (reason) => `${name} ${reason}`,
    );
  });
  if (reasons.length === 0) return;
  for (const reason of reasons) console.error(reason);
  throw new Error(`${reasons.length} reasons why a board would not load this`);
}
