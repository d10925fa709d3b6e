import { existsSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../exec.mjs";
import { hashOf, readStamp, writeStamp } from "../stamp.mjs";

const OUTPUTS = ["jetfleet.node", "libjetfleet-backend-onnxruntime.so", "jetfleet-camera"];
const STAMP = "native/build/.setup";

/** @type {import("./step.mjs").Step} */
export const native = {
  name: "native",
  why: "The native runtime, the simulated camera and their tests, compiled by g++.",
  touches: "native/build/ of this clone, ONNX Runtime headers in the cache",
  estimateSeconds: 60,
  needs: () => ["debian-packages", "node-modules"],
  lockFile: ({ state }) => join(state, "locks", "native.lock"),
  check({ root }) {
    const missing = OUTPUTS.find((file) => !existsSync(join(root, "native/build", file)));
    if (missing) return { ok: false, reason: `native/build/${missing} is not built` };
    if (readStamp(join(root, STAMP)) !== sourceHash(root)) {
      return { ok: false, reason: "native/ changed since it was built" };
    }
    return { ok: true, note: "native/build is up to date" };
  },
  async run({ root, signal, log, progress }) {
    const hash = sourceHash(root);
    let compiled = 0;
    const onLine = (/** @type {string} */ line) => {
      log(line);
      if (/^\s*\S*(g\+\+|c\+\+|gcc|cc) /.test(line)) progress(`${++compiled} compiler runs`);
    };
    const args = ["-C", "native", "-j2", "all"];
    await exec("make", args, { cwd: root, signal, onLine, deadlineMs: 20 * 60_000 });
    writeStamp(join(root, STAMP), hash);
  },
};

/** @param {string} root */
function sourceHash(root) {
  return hashOf(
    root,
    ["native", "package-lock.json"],
    (name) => name !== "build" && !name.endsWith(".md"),
  );
}
