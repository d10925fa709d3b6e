import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FleetEvent, Presence } from "../../fleet/contract/index.ts";
import { FULL } from "../support/long-form.ts";
import { allRun, expectUntouched, GOOD, hex, runnersOf, settled } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, running, now } = worldForEach((opened) => {
  world = opened;
});

/** Stands beside the pipeline that is changed. */
const STEADY = { bytes: "good steady", name: "steady" };

describe("after a power cut", () => {
  const untested = ["fetching", "verifying", "building", "testing", "rolling-back", "rolled-back"];
  const unproven = [...GOOD.slice(0, -1), "rolling-back", "rolled-back"];
  const once = [
    ...GOOD.map((state) => ({ state, bytes: "good two", end: "committed" })),
    ...untested.map((state) => ({ state, bytes: "bad two", end: "rolled-back" })),
    ...unproven.map((state) => ({ state, bytes: "fatal two", end: "rolled-back" })),
  ].map((cut) => ({ ...cut, write: 1 }));
  const all = once.flatMap((cut) => ["before", "after"].map((when) => ({ ...cut, when })));
  /** All cuts take minutes: only with JETFLEET_TEST_FULL. */
  const sample = [
    "good two after swapping 1",
    "bad two after testing 1",
    "fatal two before watching 1",
    "fatal two after rolling-back 1",
  ];
  const cuts = FULL
    ? all
    : all.filter((cut) => sample.includes(`${cut.bytes} ${cut.when} ${cut.state} ${cut.write}`));

  it.each(cuts)(
    "$when $state is on disk (write $write), an update to $bytes is $end",
    async (cut) => {
      world.start();
      const [first, steady] = await deploy(1, { bytes: "good one" }, STEADY);
      await running(1);
      await world.terminate();
      const [second] = await deploy(2, { bytes: cut.bytes }, STEADY);
      const from = now();
      world.startDoomed({ ...cut, generation: 2 });
      expect(await world.exit()).toBe("SIGKILL");

      world.start();
      const ready = settled(2, cut.end);
      const reported = await world.reported((r) => ready(r) && allRun(r), from);
      expect(reported.pipelines.map(({ model }) => model.digest)).toEqual([
        cut.end === "committed" ? second : first,
        steady,
      ]);
      expectUntouched(world, from, "steady");
    },
  );

  it("runs what it ran without any hub", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    await world.kill();
    world.start({ mqttUrl: "mqtts://127.0.0.1:1", hubUrl: "https://127.0.0.1:1" });
    await expect.poll(() => runnersOf(world.pid).length, { timeout: 10_000 }).toBe(1);
  });

  it("fetches again what was spoilt on disk", async () => {
    world.start();
    const [digest] = await deploy(1, { bytes: "good one" });
    await running(1);
    await world.kill();
    writeFileSync(join(world.stateDir, "objects", hex(digest)), "good 0ne");
    const from = now();
    world.start();
    await running(1, from);
    expect(readFileSync(join(world.stateDir, "objects", hex(digest)), "utf8")).toBe("good one");
  });

  it("begins anew when its state cannot be read, and still refuses what is not signed", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    await world.kill();
    writeFileSync(join(world.stateDir, "state.json"), "{ half");
    const from = now();
    world.start();
    await running(1, from);
    await world.publishDesired('{"contract":2}');
    const refused = await world.reported(({ error }) => error?.code === "DESIRED_INVALID", from);
    expect(refused.pipelines).toMatchObject([{ state: "running" }]);
  });
});

describe("an agent whose disk does not give out", () => {
  const places = [
    { name: "state.json", says: /state\.json cannot be read/ },
    { name: "events", says: /Cannot read or write the journal of events/ },
    // `disk.test.ts` shows these in the short form, too; the last two heal by themselves.
    { name: "objects", says: /objects\/ cannot be opened/ },
    { name: "presence.json", says: /presence\.json cannot be read/ },
    { name: "events/head.json", says: /could not be read and begins anew/ },
  ];

  it.each(FULL ? places : places.slice(0, 2))(
    "$name connects all the same, tells, and goes on once it does",
    async ({ name, says }) => {
      world.start();
      await deploy(1, { bytes: "good one" });
      await running(1);
      await world.kill();
      const place = join(world.stateDir, name);
      rmSync(place, { recursive: true, force: true });
      if (name.endsWith(".json")) mkdirSync(place);
      else writeFileSync(place, "");
      const from = now();
      world.start();
      await world.broker.waitFor<Presence>("/presence", ({ online }) => online, from);
      if (name === "events") {
        // No event can tell it.
        const { error } = await world.reported((reported) => reported.error !== null, from);
        expect(error).toMatchObject({
          code: "BOARD_DISK_FAILED",
          message: expect.stringMatching(says),
        });
      } else {
        await world.broker.waitFor<FleetEvent>(
          "/events",
          ({ message }) => says.test(message),
          from,
        );
      }
      rmSync(place, { recursive: true, force: true });
      await deploy(2, { bytes: "good two" });
      const { error } = await running(2, from);
      expect(error).toBeNull();
    },
  );
});
