// `npm run sdk -- LANGUAGE`: the SDK of another language, made by Pulumi from the provider's schema.

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { resolveEngine } from "./engine/resolve.mjs";
import { ENGINE_VERSION } from "./engine/versions.mjs";
import { SetupError } from "./errors.mjs";
import { exec, outputOf } from "./exec.mjs";
import { languagesDir, nodePath, pythonPath, repoDir, stateDir } from "./paths.mjs";
import { putInPlace } from "./put-in-place.mjs";

const LANGUAGES = ["python", "go", "nodejs"];
const DEADLINE_MS = 10 * 60_000;

/** Of the PyPI package `pulumi`, as package.json has it of npm's. */
const PYTHON_SDK = "pulumi==3.270.0";

const GO_MOD = `module jetfleet/sdk/go/jetfleet

go 1.25.11

require github.com/pulumi/pulumi/sdk/v3 v${ENGINE_VERSION}
`;

/** @typedef {{ signal: AbortSignal, onLine: (line: string) => void, deadlineMs: number }} Running */

/**
 * Writes the SDK to `sdk/LANGUAGE` of the state folder. For Python there is an environment beside it with the SDK and
 * Pulumi's own, which `infra/programs/python` runs in.
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export async function generateSdk([language = ""]) {
  if (!LANGUAGES.includes(language)) {
    throw new SetupError(
      "USAGE",
      `expected one of ${LANGUAGES.join(", ")}, got ${JSON.stringify(language)}`,
      "npm run sdk -- python",
    );
  }
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  /** @type {string[]} */
  const said = [];
  const onLine = (/** @type {string} */ line) => void said.push(line);
  const running = { signal: controller.signal, onLine, deadlineMs: DEADLINE_MS };
  const folder = join(stateDir(), "sdk", language);
  await putInPlace(folder, (work) => fill(language, work, running));
  console.log(folder);
  if (language === "python") console.log(await pythonEnvironment(folder, running));
  return 0;
}

/**
 * @param {string} language
 * @param {string} folder
 * @param {Running} running
 */
async function fill(language, folder, running) {
  const { pulumi, languageHostDir } = resolveEngine();
  const provider = join(repoDir, "infra", "provider", "pulumi-resource-jetfleet");
  const out = join(folder, "out");
  const generators = join(languagesDir(ENGINE_VERSION), "generators");
  const path = [dirname(nodePath()), languageHostDir, process.env["PATH"]];
  await exec(pulumi, ["package", "gen-sdk", provider, "--language", language, "--out", out], {
    ...running,
    env: {
      // Before the user's own: each generates for the engine that calls it.
      PATH: (existsSync(generators) ? [generators, ...path] : path).join(delimiter),
      PULUMI_HOME: join(folder, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
  });
  await cp(join(out, language), folder, { recursive: true });
  for (const left of [out, join(folder, "home")]) rmSync(left, { recursive: true, force: true });
  if (language === "go") writeFileSync(join(folder, "go.mod"), GO_MOD);
}

/**
 * Debian's Python makes no environment with a pip of its own unless another package is there; its pip fills any.
 * @param {string} sdk
 * @param {Running} running
 */
async function pythonEnvironment(sdk, running) {
  const python = pythonPath();
  const environment = join(dirname(python), "..");
  if (outputOf(python, ["--version"]) === undefined) {
    await exec("python3", ["-m", "venv", "--without-pip", environment], running);
  }
  const pip = ["-m", "pip", "--python", python, "install", "--quiet"];
  const quiet = ["--disable-pip-version-check", "--no-input"];
  await exec("python3", [...pip, ...quiet, PYTHON_SDK, "pip", "setuptools", "wheel"], running);
  await exec("python3", [...pip, ...quiet, "--no-build-isolation", "--upgrade", sdk], running);
  return environment;
}
