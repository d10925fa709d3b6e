import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildEngine } from "../engine/build.mjs";
import { downloadEngine } from "../engine/official.mjs";
import {
  engineInCache,
  engineNeedsPip,
  engineOnPath,
  engineOrigin,
  isWhole,
} from "../engine/resolve.mjs";
import { ENGINE_VERSION } from "../engine/versions.mjs";
import { SetupError } from "../errors.mjs";
import { outputOf } from "../exec.mjs";
import { engineDir } from "../paths.mjs";
import { parseVersion } from "../version.mjs";

/** @type {import("./step.mjs").Step} */
export const pulumiEngine = {
  name: "pulumi-engine",
  why:
    `Pulumi ${ENGINE_VERSION} and its Node language host: the official download, or where that host ` +
    "does not answer a build from Go modules (4 GB of disk while it builds, 130 MB afterwards).",
  touches: "engine/ of the cache",
  estimateSeconds: 330,
  needs: () => (engineNeedsPip() ? ["debian-packages"] : []),
  lockFile: ({ cache }) => join(cache, "locks", "pulumi-engine.lock"),
  check() {
    const onPath = engineOnPath();
    if ("engine" in onPath) {
      return { ok: true, note: `your own ${onPath.engine.pulumi} ${onPath.engine.version}` };
    }
    const rejected = onPath.rejected ? `; ${onPath.rejected}` : "";
    if (engineInCache()) {
      return { ok: true, note: `${ENGINE_VERSION} in the cache, ${engineOrigin()}${rejected}` };
    }
    return { ok: false, reason: `no Pulumi engine yet${rejected}` };
  },
  async run(context) {
    const folder = engineDir(ENGINE_VERSION);
    mkdirSync(dirname(folder), { recursive: true });
    removeLeftovers(folder);
    const temporary = mkdtempSync(`${folder}.`);
    try {
      const origin = await fill(temporary, context);
      smokeTest(temporary);
      writeFileSync(
        join(temporary, "engine.json"),
        JSON.stringify({ version: ENGINE_VERSION, origin }),
      );
      // A broken folder of an earlier version of this script may be there.
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  },
};

/**
 * What a killed set-up left; the lock says that no other one is at work.
 * @param {string} folder
 */
function removeLeftovers(folder) {
  const parent = dirname(folder);
  const mine = (/** @type {string} */ name) =>
    name.startsWith(`${basename(folder)}.`) || name.startsWith("download.");
  for (const name of readdirSync(parent).filter(mine)) {
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {import("./step.mjs").Context} context
 * @returns {Promise<string>} where it comes from
 */
async function fill(folder, context) {
  context.progress("asking for the official download");
  try {
    await downloadEngine(folder, context);
    if (isWhole(folder)) return "downloaded";
    context.log("the official download lacks a program");
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.log(`no official download: ${error instanceof Error ? error.message : String(error)}`);
  }
  context.progress("no official download here; building from Go modules");
  await buildEngine(folder, context);
  return "built from Go modules";
}

/** @param {string} folder */
function smokeTest(folder) {
  const env = { PULUMI_SKIP_UPDATE_CHECK: "1", PULUMI_HOME: join(folder, "home") };
  const answer = outputOf(join(folder, "pulumi"), ["version"], { env, timeoutMs: 30_000 });
  rmSync(env.PULUMI_HOME, { recursive: true, force: true });
  if (isWhole(folder) && parseVersion(answer ?? "")?.join(".") === ENGINE_VERSION) return;
  throw new SetupError(
    "SETUP_FAILED",
    `expected \`pulumi version\` to say v${ENGINE_VERSION}, got ${answer ?? "no answer"}`,
    "install Pulumi yourself (pulumi.com/docs/install), then `npm run setup`",
  );
}
