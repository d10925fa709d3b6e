// `npm run native:check -- --tensorrt-include DIR [--tensorrt-include DIR …]`: compiles the TensorRT backend against
// each set of the vendor's headers and ends with a table. Needs no CUDA and no GPU; headers are never kept here.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run native:check -- --tensorrt-include DIR [--tensorrt-include DIR ...]

DIR holds NvInfer.h and NvOnnxParser.h of one version of TensorRT or TensorRT-RTX: packages libnvinfer-dev and
libnvonnxparsers-dev put them into /usr/include/<architecture>-linux-gnu; tags of NVIDIA/TensorRT have the first in
include/, branches release/<version>-GA of onnx/onnx-tensorrt the second.`;

const native = dirname(fileURLToPath(import.meta.url));
process.exitCode = main();

/** @returns {number} */
function main() {
  /** @type {string[]} */
  let folders = [];
  try {
    const { values } = parseArgs({
      options: {
        "tensorrt-include": { type: "string", multiple: true },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      console.log(HELP);
      return 0;
    }
    folders = values["tensorrt-include"] ?? [];
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  if (folders.length === 0) {
    console.error(HELP);
    return 2;
  }
  const rows = folders.map((folder) => check(resolve(folder)));
  console.log(rows.map(({ text }) => text).join("\n"));
  const failed = rows.filter(({ ok }) => !ok).length;
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @returns {{ ok: boolean, text: string }} */
function check(/** @type {string} */ folder) {
  const missing = ["NvInfer.h", "NvInferVersion.h", "NvOnnxParser.h"].filter(
    (file) => !existsSync(join(folder, file)),
  );
  if (missing.length > 0) {
    return { ok: false, text: `${folder}  expected ${missing.join(" and ")} but got none` };
  }
  const startedAtMs = performance.now();
  const { status, stderr, stdout } = spawnSync(
    "make",
    ["--no-print-directory", "-C", native, "-j2", "tensorrt", `TENSORRT_INCLUDE=${folder}`],
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  const warnings = stderr.split("\n").filter((line) => /warning:/.test(line)).length;
  const made = /-o (\S+backend-tensorrt-\S+\.so)/.exec(stdout)?.[1];
  if (status !== 0) return { ok: false, text: `${folder}  does not compile\n${stderr.trim()}` };
  const what = made === undefined ? "up to date" : `native/${made}`;
  return { ok: true, text: `${folder}  ${what}, ${warnings} warnings, ${seconds} s` };
}
