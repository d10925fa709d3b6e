/**
 * Preloaded into an agent under test (node --require): cuts the power the moment before or after state.json says
 * KILL_IN_STATE for the update of KILL_GENERATION, the KILL_WRITE-th time it does. The agent itself knows nothing of it.
 */
import { readFileSync } from "node:fs";
import promises from "node:fs/promises";

const { KILL_IN_STATE, KILL_GENERATION, KILL_WHEN, KILL_WRITE } = process.env;
const rename = promises.rename;
let writes = 0;

Object.assign(promises, {
  rename: async (from: string, to: string) => {
    if (to.endsWith("state.json") && matches(readFileSync(from, "utf8"))) writes += 1;
    const hit = writes === Number(KILL_WRITE);
    if (hit && KILL_WHEN === "before") process.kill(process.pid, "SIGKILL");
    await rename(from, to);
    if (hit) process.kill(process.pid, "SIGKILL");
  },
});

function matches(text: string): boolean {
  const { update } = JSON.parse(text) as { update: { state: string; generation?: number } };
  return update.state === KILL_IN_STATE && String(update.generation) === KILL_GENERATION;
}
