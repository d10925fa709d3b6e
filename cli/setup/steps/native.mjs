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
  command: () => ["make", "-C", "native", "-j2", "without-node"],
  outputs: ["libjetfleet-backend-onnxruntime.so", "jetfleet-camera"],
});

export const native = makeStep({
  name: "native",
  why: "The native runtime as an addon of Node, compiled by g++.",
  touches: "native/build/ of this clone",
  estimateSeconds: 15,
  needs: () => ["native-core", "node-modules"],
  command: () => ["make", "-C", "native", "-j2", "all"],
  outputs: ["jetfleet.node"],
});

/** What of it goes onto boards, whatever this machine is. */
export const nativeAarch64 = makeStep({
  name: "native-aarch64",
  why: "The native runtime for Jetson boards of any JetPack, compiled by a compiler of its own and looked through.",
  touches: "native/build/aarch64/ of this clone, a compiler of 0.5 GB in the cache",
  estimateSeconds: 120,
  needs: () => ["native-core", "node-modules"],
  onlyFor: "aarch64",
  wasAskedFor: ({ root }) => existsSync(join(root, "native/build/aarch64")),
  command: ({ cache }) => ["node", "native/cross/build.mjs", join(cache, "cross-zig-0.17.1")],
  outputs: ["aarch64/jetfleet.node", "aarch64/libjetfleet-backend-onnxruntime.so"],
});

/**
 * @param {Pick<import("./step.mjs").Step, "name" | "why" | "touches" | "estimateSeconds" | "needs" | "onlyFor" | "wasAskedFor">
 *   & { command: (places: import("./step.mjs").Places) => [string, ...string[]], outputs: string[] }} of
 * @returns {import("./step.mjs").Step}
 */
function makeStep({ command, outputs, ...step }) {
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
    async run({ signal, log, progress, ...places }) {
      const { root } = places;
      const hash = sourceHash(root);
      let compiled = 0;
      const onLine = (/** @type {string} */ line) => {
        log(line);
        if (/^\s*\S*(g\+\+|c\+\+|gcc|cc|zig) /.test(line)) progress(`${++compiled} compiler runs`);
      };
      const [program, ...args] = command(places);
      await exec(program, args, { cwd: root, signal, onLine, deadlineMs: 20 * 60_000 });
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
