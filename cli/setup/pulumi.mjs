// `npm run pulumi -- ARGS`: the user's own pulumi on the demo's stack.

import { existsSync } from "node:fs";
import { runInPlace } from "./child.mjs";
import { SetupError } from "./errors.mjs";
import { demoPulumi, pulumiPaths } from "./pulumi-env.mjs";

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export async function runPulumi(args) {
  requireStack();
  const { command, cwd, env } = demoPulumi();
  return runInPlace(command, args, { cwd, env });
}

function requireStack() {
  const { passphraseFile } = pulumiPaths();
  if (existsSync(passphraseFile)) return;
  throw new SetupError(
    "USAGE",
    `expected the demo's stack, found no ${passphraseFile}`,
    "npm run demo, which makes it",
  );
}
