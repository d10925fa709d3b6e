/**
 * Preloaded into an agent under test beside libfaketime (node --require). The agent itself knows nothing of it.
 *
 * Sets the clock of the agent the moment state.json says what CLOCK_WISH, a file, asks for; each wish once.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import promises from "node:fs/promises";

export interface ClockWish {
  /** Of the update of `entrance` that this generation brought. */
  state: string;
  generation: number;
  /** As faketime understands it. */
  clock: string;
}

interface State {
  pipelines: Record<
    string,
    { update: { state: string; generation?: number; target?: { generation: number } } }
  >;
}

const { CLOCK_WISH = "", FAKETIME_TIMESTAMP_FILE = "" } = process.env;
const { rename } = promises;

Object.assign(promises, {
  rename: async (from: string, to: string) => {
    const said = to.endsWith("state.json")
      ? (JSON.parse(readFileSync(from, "utf8")) as State)
      : null;
    await rename(from, to);
    if (said) grant(said);
  },
});

function grant({ pipelines }: State): void {
  const wish = wished();
  const update = pipelines["entrance"]?.update;
  const generation = update?.target?.generation ?? update?.generation;
  if (wish === null || update?.state !== wish.state || generation !== wish.generation) return;
  writeFileSync(FAKETIME_TIMESTAMP_FILE, `${wish.clock}\n`);
  rmSync(CLOCK_WISH);
}

function wished(): ClockWish | null {
  try {
    return JSON.parse(readFileSync(CLOCK_WISH, "utf8")) as ClockWish;
  } catch {
    return null;
  }
}
