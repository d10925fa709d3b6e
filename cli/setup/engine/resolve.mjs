import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../errors.mjs";
import { outputOf } from "../exec.mjs";
import { findBeside, findOnPath, isExecutable } from "../lookup.mjs";
import { cacheDir, engineDir } from "../paths.mjs";
import { readStamp, writeStamp } from "../stamp.mjs";
import { formatVersion, isAtLeast, parseVersion } from "../version.mjs";
import { findGo } from "./go.mjs";
import { ENGINE_VERSION, OLDEST_ENGINE } from "./versions.mjs";

/**
 * @typedef {{ pulumi: string, languageHostDir: string, source: "path" | "cache", version: string }} Engine
 * @typedef {{ engine: Engine } | { rejected: string | undefined }} PathFinding
 */

export const LANGUAGE_HOST = "pulumi-language-nodejs";

/**
 * The Pulumi engine to use: the user's own on PATH when it is recent enough and whole, else the one
 * in the cache. Throws SETUP_MISSING when there is neither.
 * @returns {Engine}
 */
export function resolveEngine(env = process.env) {
  const onPath = engineOnPath(env);
  if ("engine" in onPath) return onPath.engine;
  const cached = engineInCache(env);
  if (cached) return cached;
  const because = onPath.rejected ? ` (${onPath.rejected})` : "";
  throw new SetupError(
    "SETUP_MISSING",
    `expected a Pulumi engine on PATH or in ${engineDir(ENGINE_VERSION, env)}, found none${because}`,
    "npm run setup",
  );
}

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Engine | undefined}
 */
export function engineInCache(env = process.env) {
  const folder = engineDir(ENGINE_VERSION, env);
  if (!isWhole(folder)) return undefined;
  return {
    pulumi: join(folder, "pulumi"),
    languageHostDir: folder,
    source: "cache",
    version: ENGINE_VERSION,
  };
}

/** @param {string} folder */
export function isWhole(folder) {
  return isExecutable(join(folder, "pulumi")) && isExecutable(join(folder, LANGUAGE_HOST));
}

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {PathFinding}
 */
export function engineOnPath(env = process.env) {
  const pulumi = findOnPath("pulumi", env.PATH);
  if (!pulumi) return { rejected: undefined };
  return judgePulumi(pulumi, versionOf(pulumi, env), findBeside(pulumi, LANGUAGE_HOST, env.PATH));
}

/**
 * @param {string} pulumi
 * @param {string} answer of `pulumi version`
 * @param {string | undefined} languageHostDir
 * @returns {PathFinding}
 */
export function judgePulumi(pulumi, answer, languageHostDir) {
  const version = parseVersion(answer);
  if (!version) return { rejected: `${pulumi} on PATH does not say its version` };
  const shown = formatVersion(version);
  if (!isAtLeast(version, OLDEST_ENGINE)) {
    const floor = formatVersion(OLDEST_ENGINE);
    return { rejected: `${pulumi} on PATH is ${shown}, older than ${floor}` };
  }
  if (!languageHostDir) return { rejected: `${pulumi} on PATH has no ${LANGUAGE_HOST} beside it` };
  return { engine: { pulumi, languageHostDir, source: "path", version: shown } };
}

/**
 * `pulumi version`, asked once per binary: it takes up to a second.
 * @param {string} pulumi
 * @param {NodeJS.ProcessEnv} env
 */
function versionOf(pulumi, env) {
  const real = realpathSync(pulumi);
  const { size, mtimeMs } = statSync(real);
  const key = `${real} ${size} ${mtimeMs}`;
  const stamp = join(cacheDir(env), "engine", "on-path");
  const [knownKey, known] = (readStamp(stamp) ?? "").split("\n");
  if (knownKey === key && known) return known;
  const answer = outputOf(pulumi, ["version"], { env: { PULUMI_SKIP_UPDATE_CHECK: "1" } }) ?? "";
  if (answer !== "") writeStamp(stamp, `${key}\n${answer}`);
  return answer;
}

/** Whether building the engine would need Python's pip, to get Go. */
export function engineNeedsPip() {
  if ("engine" in engineOnPath() || engineInCache() || findGo()) return false;
  return !hasPip();
}

export function hasPip() {
  return outputOf("python3", ["-m", "pip", "--version"]) !== undefined;
}

/** How the engine in the cache came there, for `--check`. */
export function engineOrigin(env = process.env) {
  try {
    const file = join(engineDir(ENGINE_VERSION, env), "engine.json");
    return JSON.parse(readFileSync(file, "utf8")).origin;
  } catch {
    return "unknown origin";
  }
}
