// The environment in which `pulumi` sees the demo's stack and nothing of the user's own Pulumi.

import { existsSync, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { resolveEngine } from "./engine/resolve.mjs";
import { ENGINE_VERSION } from "./engine/versions.mjs";
import { withoutNodeModules } from "./lookup.mjs";
import { languagesDir, nodePath, pythonPath, repoDir, stateDir } from "./paths.mjs";

export const STACK = "demo";

/** The program that the demo deploys; Pulumi.yaml is there. */
export const programDir = join(repoDir, "infra", "programs", "quickstart");

/** Where the state folder keeps what Pulumi needs. */
export function pulumiPaths(state = stateDir()) {
  return {
    home: join(state, "pulumi", "home"),
    backend: join(state, "pulumi", "state"),
    /** Used when it is there; else Pulumi's own place beside Pulumi.yaml. */
    configFile: join(state, "pulumi", `Pulumi.${STACK}.yaml`),
    passphraseFile: join(state, "keys", "passphrase"),
  };
}

/**
 * Pure: `base` without its PULUMI_* variables, plus what selects our engine, back end and stack.
 * @param {{ base: NodeJS.ProcessEnv, paths: ReturnType<typeof pulumiPaths>, node: string,
 *   languageHostDir: string, languages: string, python: string | null, useConfigFile: boolean }} options
 * @returns {Record<string, string>}
 */
export function pulumiEnv({
  base,
  paths,
  node,
  languageHostDir,
  languages,
  python,
  useConfigFile,
}) {
  return {
    ...withoutPulumiVariables(base),
    // The language host and the provider find Node 24 and each other on PATH; what `npm run sdk` built comes last.
    PATH: [dirname(node), languageHostDir, withoutNodeModules(base.PATH), languages].join(
      delimiter,
    ),
    PULUMI_BACKEND_URL: `file://${encodeURI(paths.backend)}`,
    PULUMI_HOME: paths.home,
    PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphraseFile,
    PULUMI_STACK: STACK,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // By default the engine works on four resources per core at a time. Pipelines mostly wait, so they would only wait
    // for each other, and a device would hear of those of one `up` in several generations. `--parallel` overrides it.
    PULUMI_PARALLEL: "64",
    // The host that we build does not read a program's `virtualenv`.
    ...(python === null ? {} : { PULUMI_PYTHON_CMD: python }),
    // Any flag can be given as PULUMI_OPTION_<FLAG>.
    ...(useConfigFile ? { PULUMI_OPTION_CONFIG_FILE: paths.configFile } : {}),
  };
}

/**
 * @param {NodeJS.ProcessEnv} base
 * @returns {Record<string, string>}
 */
function withoutPulumiVariables(base) {
  /** @type {Record<string, string>} */
  const kept = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !name.startsWith("PULUMI_")) kept[name] = value;
  }
  return kept;
}

/**
 * How to run `pulumi` on the demo's stack; the back end's folders are made. Throws SETUP_MISSING
 * without an engine.
 */
export function demoPulumi(env = process.env) {
  const paths = pulumiPaths(stateDir(env));
  for (const folder of [paths.home, paths.backend]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const { pulumi, languageHostDir } = resolveEngine(env);
  const useConfigFile = existsSync(paths.configFile);
  const python = pythonPath(stateDir(env));
  return {
    command: pulumi,
    cwd: programDir,
    env: pulumiEnv({
      base: env,
      paths,
      node: nodePath(),
      languageHostDir,
      languages: languagesDir(ENGINE_VERSION, env),
      python: existsSync(python) ? python : null,
      useConfigFile,
    }),
  };
}
