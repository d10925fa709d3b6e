// Behind `npm run demo|test|pulumi|sdk|bench|jetfleet`: set-up (or its check), then the command on the
// project's own Node 24.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { runInPlace } from "./child.mjs";
import { reportAndExitCode, SetupError } from "./errors.mjs";
import { nodePath, repoDir, requireNode, stateDir } from "./paths.mjs";
import { runPulumi } from "./pulumi.mjs";
import { generateSdk } from "./sdk.mjs";
import { requireSetUp, setUp } from "./setup.mjs";
import { runTests } from "./test-run.mjs";

/**
 * @typedef {object} Command
 * @property {(args: string[]) => Promise<void> | void} before
 * @property {(args: string[]) => Promise<number>} run
 */

/** @type {Record<string, Command>} */
const COMMANDS = {
  demo: { before: setUpUnlessEnding, run: (args) => typeScript("cli/demo/main.ts", args) },
  test: { before: installForTests, run: (args) => runTests(args, { full: false }) },
  "test:full": { before: installForTests, run: (args) => runTests(args, { full: true }) },
  pulumi: { before: () => requireSetUp(), run: runPulumi },
  sdk: { before: () => setUp({ quiet: true, also: ["languages"] }), run: generateSdk },
  bench: {
    before: (args) => requireSetUp(benchNeeds(args)),
    run: (args) => typeScript("test/bench/main.ts", args),
  },
  // Looking at a fleet must work while the native code or the agent is being changed.
  jetfleet: {
    before: () => requireSetUp(["node-modules"]),
    run: (args) => typeScript("cli/main.ts", args),
  },
};

/**
 * The planner and its reader are TypeScript alone; a list of the benches needs no more either.
 * @param {string[]} args
 */
function benchNeeds(args) {
  const name = args.find((arg) => !arg.startsWith("-"));
  const pure = name === undefined || name === "planner" || name === "onnx";
  return ["node-modules", ...(pure ? [] : ["debian-packages", "native-core", "native"])];
}

function installWhatIsMissing() {
  return setUp({ quiet: true });
}

function installForTests() {
  return setUp({ quiet: true, also: ["tests"] });
}

/**
 * `--down` must work on a half-made set-up, or a running fleet could block the very step that asks
 * for it to be ended.
 * @param {string[]} args
 */
async function setUpUnlessEnding(args) {
  const ends = args.some((arg) => arg === "--down" || arg === "--help" || arg === "-h");
  if (!ends || !existsSync(nodePath())) await installWhatIsMissing();
}

/**
 * @param {string} file below the clone
 * @param {string[]} args
 */
function typeScript(file, args) {
  const env = { ...process.env, NODE_NO_WARNINGS: process.env.NODE_NO_WARNINGS ?? "1" };
  return runInPlace(requireNode(), [join(repoDir, file), ...args], { env });
}

/**
 * @param {string | undefined} name
 * @param {string[]} args
 */
async function main(name, args) {
  const command = COMMANDS[name ?? ""];
  if (!command) {
    throw new SetupError(
      "USAGE",
      `expected one of ${Object.keys(COMMANDS).join(", ")}, got ${JSON.stringify(name ?? "")}`,
      "npm run",
    );
  }
  await command.before(args);
  // Every process of ours, the hub and the provider among them, then starts in half the time.
  process.env["NODE_COMPILE_CACHE"] ??= join(stateDir(), "node-cache");
  process.exitCode = await command.run(args);
}

const [name, ...args] = process.argv.slice(2);
main(name, args).catch(reportAndExitCode);
