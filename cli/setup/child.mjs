import { spawn } from "node:child_process";
import { constants } from "node:os";
import { SetupError } from "./errors.mjs";

/**
 * Runs a program in this process's place: same terminal, signals passed on, and its exit code (or
 * 128 + signal) as the result.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function runInPlace(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: "inherit" });
    const stopForwarding = forwardSignals(child);
    child.on("error", (error) => {
      stopForwarding();
      reject(
        new SetupError(
          "SETUP_MISSING",
          `could not start ${command}: ${error.message}`,
          "npm run setup",
        ),
      );
    });
    child.on("close", (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/**
 * Ctrl-C reaches the child by itself, as part of the terminal's process group; sending it once more
 * would make it give up its own clean-up. Other signals come to us alone.
 * @param {import("node:child_process").ChildProcess} child
 */
function forwardSignals(child) {
  const ignore = () => {};
  const forward = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  const interrupt = process.stdin.isTTY ? ignore : forward;
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", forward);
  process.on("SIGHUP", forward);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", forward);
    process.off("SIGHUP", forward);
  };
}
