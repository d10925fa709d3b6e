import { spawn, spawnSync } from "node:child_process";
import { SetupError } from "./errors.mjs";
import { withoutNodeModules } from "./lookup.mjs";

/** Time a child gets to end by itself after SIGTERM. */
const GRACE_MS = 5000;

/**
 * @typedef {object} ExecOptions
 * @property {string} [cwd]
 * @property {Record<string, string | undefined>} [env] added to this process's environment
 * @property {(line: string) => void} onLine every line of stdout and stderr
 * @property {AbortSignal} signal
 * @property {number} deadlineMs
 * @property {boolean} [ownGroup] false keeps the child in our process group, as sudo's password ticket needs
 */

/**
 * Runs a command to its end; rejects with SETUP_FAILED when it fails or is late, CANCELLED when
 * the signal fires. Its whole process group is ended then.
 * @param {string} command
 * @param {string[]} args
 * @param {ExecOptions} options
 * @returns {Promise<void>}
 */
export function exec(command, args, options) {
  const { cwd, onLine, signal, deadlineMs, ownGroup = true } = options;
  const shown = [command, ...args].join(" ");
  if (signal.aborted) return Promise.reject(cancelled(shown));
  onLine(`$ ${shown}`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: childEnv(options.env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: ownGroup,
    });
    /** @type {string[]} */
    const tail = [];
    const keep = (/** @type {string} */ line) => {
      tail.push(line);
      if (tail.length > 12) tail.shift();
      onLine(line);
    };
    eachLine(child.stdout, keep);
    eachLine(child.stderr, keep);

    let late = false;
    const end = () => endGroup(child, ownGroup);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, deadlineMs);
    signal.addEventListener("abort", end, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    };
    child.on("error", (error) => {
      settle();
      reject(failure(`could not start \`${shown}\`: ${error.message}`, []));
    });
    child.on("close", (code, childSignal) => {
      settle();
      if (code === 0) resolve();
      else if (signal.aborted) reject(cancelled(shown));
      else if (late)
        reject(failure(`\`${shown}\` did not end within ${deadlineMs / 1000} s`, tail));
      else reject(failure(`\`${shown}\` ended with ${childSignal ?? `exit code ${code}`}`, tail));
    });
  });
}

/**
 * What a program prints, or undefined when it cannot be run or fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string | undefined>, timeoutMs?: number }} [options]
 */
export function outputOf(command, args, { env, timeoutMs = 10_000 } = {}) {
  const result = spawnSync(command, args, {
    env: childEnv(env),
    encoding: "utf8",
    timeout: timeoutMs,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** @param {Record<string, string | undefined>} [extra] */
function childEnv(extra) {
  return { ...process.env, PATH: withoutNodeModules(process.env.PATH), ...extra };
}

/**
 * @param {import("node:stream").Readable} stream
 * @param {(line: string) => void} onLine
 */
function eachLine(stream, onLine) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (/** @type {string} */ text) => {
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {boolean} ownGroup
 */
function endGroup(child, ownGroup) {
  const { pid } = child;
  if (pid === undefined) return;
  const target = ownGroup ? -pid : pid;
  send(target, "SIGTERM");
  const timer = setTimeout(() => send(target, "SIGKILL"), GRACE_MS);
  child.once("close", () => clearTimeout(timer));
}

/**
 * @param {number} target
 * @param {NodeJS.Signals} signal
 */
function send(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // Already gone.
  }
}

/** @param {string} shown */
function cancelled(shown) {
  return new SetupError("CANCELLED", `cancelled while running \`${shown}\``, "npm run setup");
}

/**
 * @param {string} message
 * @param {string[]} tail
 */
function failure(message, tail) {
  const last = tail.filter((line) => line.trim() !== "").slice(-6);
  const shown =
    last.length > 0 ? `; it said:\n${last.map((line) => `    ${line}`).join("\n")}` : "";
  return new SetupError("SETUP_FAILED", `${message}${shown}`, "read the log, then `npm run setup`");
}
