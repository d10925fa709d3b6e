/**
 * Preloaded into an agent under test (node --require). The agent itself knows nothing of it.
 *
 * - A disk that takes its time for every rename: DISK_MS at most.
 * - A power cut the moment before or after state.json says KILL_IN_STATE for the update of KILL_PIPELINE that
 *   KILL_GENERATION brought, the KILL_WRITE-th time it does.
 * - A disk that refuses with FAULT (an errno) from its FAULT_AT-th call on, for FAULT_MS; 0: that call alone. Each mkdir,
 *   open for writing, write, sync, rename and removal is a call. DISK_CALLS names a file for their number so far.
 */
import { readFileSync, writeFileSync } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

interface Target {
  generation: number;
}

const { KILL_IN_STATE, KILL_GENERATION, KILL_PIPELINE, KILL_WHEN, KILL_WRITE, DISK_MS } =
  process.env;
const { FAULT, FAULT_AT, FAULT_MS, DISK_CALLS } = process.env;
const { mkdir, open, rename, rm } = promises;
let writes = 0;
let calls = 0;
let faultUntilMs = 0;

Object.assign(promises, {
  mkdir: async (...args: Parameters<typeof mkdir>) => {
    count("mkdir");
    return mkdir(...args);
  },
  open: async (...[path, flags, mode]: Parameters<typeof open>) => {
    if (flags !== "r") count("open");
    return watched(await open(path, flags, mode));
  },
  rm: async (...args: Parameters<typeof rm>) => {
    count("rm");
    return rm(...args);
  },
  rename: async (from: string, to: string) => {
    count("rename");
    await delay(Number(DISK_MS ?? 0) * (0.1 + 0.9 * Math.random()));
    if (to.endsWith("state.json") && matches(readFileSync(from, "utf8"))) writes += 1;
    const hit = writes === Number(KILL_WRITE);
    if (hit && KILL_WHEN === "before") process.kill(process.pid, "SIGKILL");
    await rename(from, to);
    if (hit) process.kill(process.pid, "SIGKILL");
  },
});

function watched(handle: FileHandle): FileHandle {
  const [writeFile, sync] = [handle.writeFile.bind(handle), handle.sync.bind(handle)];
  const write = handle.write.bind(handle) as (chunk: Uint8Array) => Promise<unknown>;
  return Object.assign(handle, {
    writeFile: async (...args: Parameters<typeof writeFile>) => {
      count("write");
      return writeFile(...args);
    },
    write: async (chunk: Uint8Array) => {
      count("write");
      return write(chunk);
    },
    sync: async () => {
      count("sync");
      return sync();
    },
  });
}

function count(what: string): void {
  calls += 1;
  if (DISK_CALLS !== undefined) writeFileSync(DISK_CALLS, String(calls));
  if (FAULT === undefined) return;
  const isFirst = calls === Number(FAULT_AT);
  if (isFirst) faultUntilMs = performance.now() + Number(FAULT_MS ?? 0);
  if (!isFirst && performance.now() >= faultUntilMs) return;
  throw Object.assign(new Error(`${FAULT}: made at ${what}`), { code: FAULT });
}

function matches(text: string): boolean {
  const { pipelines } = JSON.parse(text) as {
    pipelines: Record<string, { update: { state: string; generation?: number; target?: Target } }>;
  };
  const update = pipelines[KILL_PIPELINE ?? ""]?.update;
  const generation = update?.target?.generation ?? update?.generation;
  return update?.state === KILL_IN_STATE && String(generation) === KILL_GENERATION;
}
