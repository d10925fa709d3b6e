import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError } from "./errors.mjs";

/** The clone's root folder. */
export const repoDir = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** What this clone makes and may lose: keys, fleet state, logs. JETFLEET_STATE_DIR moves it. */
export function stateDir(env = process.env) {
  return env.JETFLEET_STATE_DIR ? resolve(env.JETFLEET_STATE_DIR) : join(repoDir, ".jetfleet");
}

/** What all clones of one user share and can make again: the Pulumi engine. */
export function cacheDir(env = process.env) {
  const base = env.XDG_CACHE_HOME;
  // The XDG rule: a relative path is invalid and counts as unset.
  return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "jetfleet");
}

/** @param {string} version of the engine */
export function engineDir(version, env = process.env) {
  return join(cacheDir(env), "engine", version);
}

/**
 * Language hosts and generators of SDKs for that engine, where the user's own Pulumi brings none.
 * @param {string} version of the engine
 */
export function languagesDir(version, env = process.env) {
  return join(cacheDir(env), "engine", `languages-${version}`);
}

/**
 * The Node 24 that runs everything of ours, from the lockfile whatever the user has installed.
 * @param {string} [root]
 */
export function nodePath(root = repoDir) {
  return platformNode("node-linux", root);
}

/** The Python that has the SDK, where `npm run sdk -- python` made it. */
export function pythonPath(state = stateDir()) {
  return join(state, "sdk", "python-environment", "bin", "python");
}

/**
 * The Node 16 of JetPack 4 boards, for this machine's processor.
 * @param {string} [root]
 */
export function node16Path(root = repoDir) {
  return platformNode("node16-linux", root);
}

/**
 * @param {string} packagePrefix
 * @param {string} root
 */
function platformNode(packagePrefix, root) {
  return join(root, "node_modules", `${packagePrefix}-${process.arch}`, "bin", "node");
}

/** nodePath(), or the error that says how to get it. */
export function requireNode() {
  const node = nodePath();
  if (existsSync(node)) return node;
  throw new SetupError(
    "SETUP_MISSING",
    `expected the project's Node 24 at ${node}, found nothing there`,
    "npm run setup",
  );
}
