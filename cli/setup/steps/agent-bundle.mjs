import { existsSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../exec.mjs";
import { nodePath } from "../paths.mjs";
import { hashOf, readStamp, writeStamp } from "../stamp.mjs";

const BUNDLE = "agent/build/agent.cjs";
const BESIDE = ["agent/build/backend-source.json", "agent/build/LICENSES.txt"];
const STAMP = "agent/build/.setup";

/** @type {import("./step.mjs").Step} */
export const agentBundle = {
  name: "agent-bundle",
  why: "The agent as one file for the boards' Node 16, bundled by esbuild, and what lies beside it: the sources that boards compile, licences.",
  touches: "agent/build/ of this clone",
  estimateSeconds: 3,
  needs: () => ["node-modules"],
  lockFile: ({ state }) => join(state, "locks", "agent-bundle.lock"),
  check({ root }) {
    const missing = [BUNDLE, ...BESIDE].find((path) => !existsSync(join(root, path)));
    if (missing !== undefined) return { ok: false, reason: `${missing} is not built` };
    if (readStamp(join(root, STAMP)) !== sourceHash(root)) {
      return { ok: false, reason: "agent/, fleet/ or native/ changed since it was bundled" };
    }
    return { ok: true, note: `${BUNDLE} is up to date` };
  },
  async run({ root, signal, log }) {
    const hash = sourceHash(root);
    const options = { cwd: root, signal, onLine: log, deadlineMs: 120_000 };
    await exec(nodePath(root), ["agent/build.mjs"], options);
    writeStamp(join(root, STAMP), hash);
  },
};

/** @param {string} root */
function sourceHash(root) {
  const native = ["binding", "backends", "core", "licences"].map((folder) => `native/${folder}`);
  const sources = ["agent", "fleet", ...native, "package-lock.json"];
  return hashOf(root, sources, (name) => name !== "build" && !name.endsWith(".md"));
}
