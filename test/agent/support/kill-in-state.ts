/**
 * Preloaded into an agent under test (node --require): cuts the power the moment before or after state.json says
 * KILL_IN_STATE for the update of KILL_GENERATION. The agent itself knows nothing of it.
 */
import { readFileSync } from "node:fs";
import promises from "node:fs/promises";

const { KILL_IN_STATE, KILL_GENERATION, KILL_WHEN } = process.env;
const rename = promises.rename;

Object.assign(promises, {
  rename: async (from: string, to: string) => {
    const hit = to.endsWith("state.json") && matches(readFileSync(from, "utf8"));
    if (hit && KILL_WHEN === "before") process.kill(process.pid, "SIGKILL");
    await rename(from, to);
    if (hit) process.kill(process.pid, "SIGKILL");
  },
});

function matches(text: string): boolean {
  const { update } = JSON.parse(text) as { update: { state: string; generation?: number } };
  return update.state === KILL_IN_STATE && String(update.generation) === KILL_GENERATION;
}
