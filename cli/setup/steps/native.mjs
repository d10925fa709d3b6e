import { existsSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../exec.mjs";
import { hashOf, readStamp, writeStamp } from "../stamp.mjs";

/** Compiles while npm still fetches. */
export const nativeCore = makeStep({
  name: "native-core",
  why: "The native runtime without its binding to Node, and the simulated camera, compiled by g++.",
  touches: "native/build/ of this clone, ONNX Runtime headers in the cache",
  estimateSeconds: 50,
  needs: () => ["debian-packages"],
  target: "without-node",
  outputs: ["libjetfleet-backend-onnxruntime.so", "jetfleet-camera"],
});

export const native = makeStep({
  name: "native",
  why: "The native runtime as an addon of Node, compiled by g++.",
  touches: "native/build/ of this clone",
  estimateSeconds: 15,
  needs: () => ["native-core", "node-modules"],
  target: "all",
  outputs: ["jetfleet.node"],
});

/**
 * @param {Pick<import("./step.mjs").Step, "name" | "why" | "touches" | "estimateSeconds" | "needs">
 *   & { target: string, outputs: string[] }} of
 * @returns {import("./step.mjs").Step}
 */
function makeStep({ target, outputs, ...step }) {
  const stamp = `native/build/.${step.name}`;
  return {
    ...step,
    lockFile: ({ state }) => join(state, "locks", `${step.name}.lock`),
    check({ root }) {
      const missing = outputs.find((file) => !existsSync(join(root, "native/build", file)));
      if (missing) return { ok: false, reason: `native/build/${missing} is not built` };
      if (readStamp(join(root, stamp)) !== sourceHash(root)) {
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
      const args = ["-C", "native", "-j2", target];
      await exec("make", args, { cwd: root, signal, onLine, deadlineMs: 20 * 60_000 });
      writeStamp(join(root, stamp), hash);
    },
  };
}

/** @param {string} root */
function sourceHash(root) {
  return hashOf(
    root,
    ["native", "package-lock.json"],
    (name) => name !== "build" && !name.endsWith(".md"),
  );
}
