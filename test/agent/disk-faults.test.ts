/**
 * The whole agent, from an empty state folder through its first version and a change of it, on a disk that refuses: at
 * each of its calls by itself, and for seconds. A sample in CI, every call with JETFLEET_TEST_FULL; JETFLEET_TEST_SHARE
 * (such as 2/4) takes a part of them.
 */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetEvent, Reported } from "../../fleet/contract/index.ts";
import { FULL } from "../support/long-form.ts";
import { allRun, deployTo, runningAt } from "./support/deploying.ts";
import { AgentWorld, type DiskFault } from "./support/world.ts";

const [share, shares] = (process.env["JETFLEET_TEST_SHARE"] ?? "1/1").split("/").map(Number);
const FAULTS = ["ENOSPC", "EIO"] as const;
/** At the least: of the agent's start, two updates and their events. */
const CALLS = 100;
const CODES = { ENOSPC: "BOARD_DISK_FULL", EIO: "BOARD_DISK_FAILED" } as const;

let world: AgentWorld;
let generation = 0;
let calls = 0;

beforeAll(async () => {
  world = await AgentWorld.create();
  world.diskMs = 5;
  world.startCounted();
  await twoVersions();
  calls = world.diskCalls;
});
afterAll(() => world.destroy());

/** From nothing to a first version, and to another. */
async function twoVersions(): Promise<Reported> {
  for (const bytes of ["good one", "good two"]) {
    const from = world.broker.received.length;
    generation += 1;
    await deployTo(world, generation, { bytes: `${bytes} ${generation}` });
    await runningAt(world, generation, from);
  }
  return runningAt(world, generation);
}

async function expectSurvival(fault: DiskFault): Promise<void> {
  await world.kill();
  rmSync(world.stateDir, { recursive: true, force: true });
  const from = world.broker.received.length;
  world.startOnFaultyDisk(fault);
  const reported = await twoVersions();
  expect(reported).toMatchObject({ error: null, updates: [{ state: "committed", error: null }] });
  const said = world.broker.received.slice(from);
  // What was composed for the memory that is gone is refused, rightly, until it is asked for anew.
  const codes = codesIn(said.map(({ payload }) => payload)).filter(
    (code) => code !== "DESIRED_UNANSWERED",
  );
  expect(codes.filter((code) => code !== CODES[fault.fault])).toEqual([]);
  if (fault.forMs !== undefined) expect(codes).toHaveLength(1);
  const kinds = said
    .filter(({ topic }) => topic.endsWith("/events"))
    .map(({ payload }) => (payload as FleetEvent).kind);
  expect(kinds).not.toContain("runner-ended");
  await world.kill();
  const later = world.broker.received.length;
  world.start();
  const again = await world.reported(
    (r) => r.generation === generation && r.update.state === "committed" && allRun(r),
    later,
  );
  expect(again.pipelines).toEqual([expect.objectContaining({ error: null })]);
  const notices = world.broker.received
    .slice(later)
    .filter(({ payload }) => (payload as FleetEvent).kind === "state-not-read");
  expect(notices).toEqual([]);
}

/** Every code of an error in what the device said. */
function codesIn(payloads: unknown): string[] {
  return [...new Set(JSON.stringify(payloads).match(/(?<="code":")\w+/g))];
}

describe("an agent on a disk that refuses", () => {
  const all = Array.from({ length: CALLS }, (_, index) => index + 1)
    .flatMap((at) => FAULTS.map((fault) => ({ at, fault })))
    .filter((_, index) => index % (shares ?? 1) === (share ?? 1) - 1);
  const sample = [
    { at: 23, fault: "EIO" },
    { at: 61, fault: "ENOSPC" },
  ] as const;

  it("makes at least as many calls as are made to fail", () => {
    expect(calls).toBeGreaterThanOrEqual(CALLS);
  });

  it.each(FULL ? all : sample)(
    "once, with $fault at call $at, comes to its end by itself",
    (fault) => expectSurvival(fault),
    60_000,
  );

  it.each(FULL ? [1, 20, 40, 60, 80] : [30])(
    "for seconds, full from call %i on, waits, says so, and goes on when there is room",
    (at) => expectSurvival({ fault: "ENOSPC", at, forMs: 4000 }),
    60_000,
  );
});
