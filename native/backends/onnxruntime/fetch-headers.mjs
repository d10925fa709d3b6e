// Puts ONNX Runtime's C API headers (version 22) into a folder, from a pinned npm package that happens to
// carry them. `npm install` is not used: the package would bring React Native with it.
//   node fetch-headers.mjs FOLDER
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const PACKAGE = "@siteed/sherpa-onnx.rn@1.3.1";
const SHA512 =
  "dez/tSd+2JzEOw67OHuHc0tIKI84UPvJYv4OiYBVhpwwvdOgEm1dHlXMx/DQYAjvdP3dQ7vC0++YDMtjwQqD1w==";
const HEADERS = "package/prebuilt/include/onnxruntime";

const target = resolve(process.argv[2] ?? "build/include/onnxruntime");
mkdirSync(dirname(target), { recursive: true });
const work = mkdtempSync(join(dirname(target), ".ort-headers-"));
try {
  console.log(`fetching ONNX Runtime headers (${PACKAGE}, 39 MB, kept are 1 MB)`);
  const options = { cwd: work, encoding: "utf8", timeout: 300_000 };
  const packed = execFileSync("npm", ["pack", PACKAGE, "--ignore-scripts", "--silent"], options);
  const archive = join(work, packed.trim().split("\n").pop());
  const digest = createHash("sha512").update(readFileSync(archive)).digest("base64");
  if (digest !== SHA512) {
    throw new Error(`Expected sha512 ${SHA512} but got ${digest} while fetching ${PACKAGE}`);
  }
  execFileSync("tar", ["-xzf", archive, "-C", work, HEADERS]);
  rmSync(target, { recursive: true, force: true });
  renameSync(join(work, HEADERS), target);
} finally {
  rmSync(work, { recursive: true, force: true });
}
