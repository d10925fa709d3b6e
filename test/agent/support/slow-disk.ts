/**
 * Preloaded into an agent under test (node --require): a disk that takes its time for every rename (DISK_MS), and a
 * power cut the moment before or after state.json says KILL_IN_STATE for the update of KILL_PIPELINE that KILL_GENERATION
 * brought, the KILL_WRITE-th time it does. The agent itself knows nothing of it.
 */
import { readFileSync } from "node:fs";
import promises from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

interface Target {
  generation: number;
}

const { KILL_IN_STATE, KILL_GENERATION, KILL_PIPELINE, KILL_WHEN, KILL_WRITE, DISK_MS } =
  process.env;
const rename = promises.rename;
let writes = 0;

Object.assign(promises, {
  rename: async (from: string, to: string) => {
    await delay(Number(DISK_MS ?? 0) * (0.1 + 0.9 * Math.random()));
    if (to.endsWith("state.json") && matches(readFileSync(from, "utf8"))) writes += 1;
    const hit = writes === Number(KILL_WRITE);
    if (hit && KILL_WHEN === "before") process.kill(process.pid, "SIGKILL");
    await rename(from, to);
    if (hit) process.kill(process.pid, "SIGKILL");
  },
});

function matches(text: string): boolean {
  const { pipelines } = JSON.parse(text) as {
    pipelines: Record<string, { update: { state: string; generation?: number; target?: Target } }>;
  };
  const update = pipelines[KILL_PIPELINE ?? ""]?.update;
  const generation = update?.target?.generation ?? update?.generation;
  return update?.state === KILL_IN_STATE && String(generation) === KILL_GENERATION;
}
