import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const KEPT_PER_STEP = 5;

/**
 * A new log file of one step, `<state>/logs/setup-<step>-<time>.log`; the oldest ones are removed.
 * @param {string} state
 * @param {string} step
 */
export function openLog(state, step) {
  const folder = join(state, "logs");
  mkdirSync(folder, { recursive: true });
  const prefix = `setup-${step}-`;
  const old = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .sort();
  for (const name of old.slice(0, -KEPT_PER_STEP)) rmSync(join(folder, name), { force: true });

  const time = new Date().toISOString().replace(/[:.]/g, "-");
  const path = join(folder, `${prefix}${time}-${process.pid}.log`);
  const file = openSync(path, "a", 0o600);
  return {
    path,
    /** @param {string} line */
    write(line) {
      writeSync(file, `${new Date().toISOString()} ${line}\n`);
    },
    close() {
      closeSync(file);
    },
  };
}
