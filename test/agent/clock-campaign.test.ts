/**
 * One agent, whose pipeline is changed again and again to good and bad models while its clock is set: five hours on
 * and back, to 1970 and to 2099, in each state of an update. Short in CI, all of them with JETFLEET_TEST_FULL.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { versionDigest } from "../../agent/update/pipeline-version.ts";
import { FULL } from "../support/long-form.ts";
import {
  allRun,
  deployTo,
  expectUntouched,
  runningAt,
  settled,
  updateEvents,
  versionFor,
  type Wanted,
} from "./support/deploying.ts";
import type { ClockWish } from "./support/set-clock.ts";
import { AgentWorld } from "./support/world.ts";

const LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const why = existsSync(LIBRARY) ? "" : " (skipped: no libfaketime)";
const CLOCKS = ["+5h", "-5h", "@1970-01-01 00:10:00", "@2099-06-01 00:00:00"];
/** With a model of which each is gone through: one that works, one that fails its test, one that fails at work. */
const STATES = [
  ...["fetching", "verifying", "building", "testing", "swapping", "watching"].map((state) => [
    state,
    "good",
  ]),
  ...["testing", "rolling-back"].map((state) => [state, "bad"]),
  ...["swapping", "watching", "rolling-back"].map((state) => [state, "fatal"]),
] as [string, string][];
/** Loads take 0.3 s, the watch 0.6 s, the deadline of the watch 3 s: an hour of a clock is none of these. */
const LONGEST_MS = 20_000;
const STEADY: Wanted = { bytes: "good steady", name: "steady" };

const all = STATES.flatMap(([state, kind]) => CLOCKS.map((clock) => ({ state, kind, clock })));
const SHORT = ["fetching good -5h", "watching good +5h", "watching fatal -5h"];
const SHORT_SET = ["swapping good @1970-01-01 00:10:00", "testing good @2099-06-01 00:00:00"];
const rounds = all
  .filter(
    ({ state, kind, clock }) =>
      FULL || [...SHORT, ...SHORT_SET].includes(`${state} ${kind} ${clock}`),
  )
  .map((round, at) => ({ ...round, generation: at + 2 }));

describe.skipIf(why !== "")(`an agent whose clock is set${why}`, () => {
  let world: AgentWorld;
  let good: Wanted = { bytes: "good 1" };
  const file = (name: string): string => join(world.folder, name);
  const setClock = (clock: string): void => writeFileSync(file("clock"), `${clock}\n`);

  beforeAll(async () => {
    world = await AgentWorld.create();
    setClock("+0");
    world.startUnderClock(LIBRARY, { clock: file("clock"), wish: file("wish") });
    await deployTo(world, 1, good, STEADY);
    await runningAt(world, 1);
  });
  afterAll(() => world.destroy());

  it.each(rounds)(
    "to $clock while an update to a $kind model is $state ends as without it",
    async ({ state, kind, clock, generation }) => {
      const { pid } = world;
      const wish: ClockWish = { state, generation, clock };
      writeFileSync(file("wish"), JSON.stringify(wish));
      const wanted: Wanted = { bytes: `${kind} ${generation}` };
      const from = world.broker.received.length;
      const beganMs = performance.now();
      await deployTo(world, generation, wanted, STEADY);
      const end = kind === "good" ? "committed" : "rolled-back";
      const ended = settled(generation, end);
      const final = await world.reported((r) => ended(r) && allRun(r), from);
      expect(performance.now() - beganMs).toBeLessThan(LONGEST_MS);
      expect(existsSync(file("wish"))).toBe(false);
      if (kind === "good") good = wanted;
      expect(final.pipelines.map(({ specDigest }) => specDigest)).toEqual(
        [good, STEADY].map((one) => versionDigest(versionFor(one))),
      );
      for (const { tookMs = 0 } of updateEvents(world, from, "entrance")) {
        expect(tookMs).toBeLessThan(LONGEST_MS);
      }
      expectUntouched(world, from, "steady");
      setClock("+0");
      expect(world.pid).toBe(pid);
    },
    60_000,
  );
});
