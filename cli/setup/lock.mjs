// A lock file names the process that holds it. It is stale when that process is gone, so a killed
// set-up never blocks the next one.

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "./errors.mjs";

/** @typedef {{ pid: number, startTicks: string, boot: string }} Holder */

const POLL_MS = 300;

/**
 * Runs `work` while holding the lock; waits for another holder, saying so once.
 * @template T
 * @param {string} file
 * @param {{ signal: AbortSignal, onWait: (holder: Holder) => void, deadlineMs?: number }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { signal, onWait, deadlineMs = 40 * 60_000 }, work) {
  mkdirSync(dirname(file), { recursive: true });
  const giveUpAt = performance.now() + deadlineMs;
  for (let waiting = false; !tryLock(file); waiting = true) {
    const holder = readHolder(file);
    if (holder && !waiting) onWait(holder);
    if (performance.now() > giveUpAt) throw heldTooLong(file, holder);
    await sleep(POLL_MS, undefined, { signal }).catch(() => {
      throw new SetupError("CANCELLED", `cancelled while waiting for ${file}`, "npm run setup");
    });
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * Takes the lock if it is free or stale.
 * @param {string} file
 * @param {Holder} [self]
 */
export function tryLock(file, self = holderOf(process.pid)) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(self));
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      if (linked(mine, file)) return true;
      const holder = readHolder(file);
      if (holder && !isStale(holder, holderOf(holder.pid))) return false;
      removeStale(file, holder);
    }
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * Whether the process that wrote the lock is gone: no such process now, or a younger one of the
 * same number, or the machine was started again since.
 * @param {Holder} written
 * @param {Holder | undefined} now what /proc says of that pid
 */
export function isStale(written, now) {
  return !now || now.boot !== written.boot || now.startTicks !== written.startTicks;
}

/**
 * @param {number} pid
 * @returns {Holder | undefined}
 */
export function holderOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // Field 22 is the start time; the name in field 2 may hold spaces and brackets.
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return { pid, startTicks, boot };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function linked(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {Holder | undefined}
 */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Moves the stale lock aside before removing it, so that of two processes that saw it stale only
 * one removes it, and never the lock that the other has just taken.
 * @param {string} file
 * @param {Holder | undefined} seen
 */
function removeStale(file, seen) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (JSON.stringify(moved) !== JSON.stringify(seen)) linked(aside, file);
  rmSync(aside, { force: true });
}

/**
 * @param {string} file
 * @param {Holder | undefined} holder
 */
function heldTooLong(file, holder) {
  return new SetupError(
    "SETUP_FAILED",
    `expected ${file} to be free in time, process ${holder?.pid ?? "unknown"} still holds it`,
    `wait for that set-up, or end it (kill ${holder?.pid ?? "PID"}), then \`npm run setup\``,
  );
}
