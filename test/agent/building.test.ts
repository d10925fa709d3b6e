/**
 * A model becomes an engine of this very device as a state of its update: shown, waited for, called off, remembered. What
 * others show in part (`engine/`, the kill campaign, `daemon`) is here with JETFLEET_TEST_FULL alone.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EngineBuild, FleetEvent, Reported } from "../../fleet/contract/index.ts";
import { FULL } from "../support/long-form.ts";
import { expectUntouched, hex, runnersOf, settled, updateEventsTo } from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, running, now } = worldForEach((opened) => {
  world = opened;
});

const buildOf = (reported: Reported, pipeline = "entrance"): EngineBuild | undefined =>
  reported.updates?.find((one) => one.pipeline === pipeline)?.build;
const engineOf = ({ pipelines }: Reported) => pipelines[0]?.engine;

/** The first report in which the build of `entrance` is at least so far. */
function builtTo(progress: number, from: number): Promise<Reported> {
  return world.reported((r) => (buildOf(r)?.progress ?? 0) >= progress, from);
}

function eventsSince(from: number, kind: string): FleetEvent[] {
  return world.broker.received
    .slice(from)
    .filter(({ topic }) => topic.endsWith("/events"))
    .map(({ payload }) => payload as FleetEvent)
    .filter((event) => event.kind === kind);
}

/** State letter and niceness of a process (proc(5)). */
function processOf(pid: number): { state: string; nice: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return { state: fields[0] ?? "", nice: Number(fields[16]) };
}

/** What is whole in a folder of the agent's state. */
const filesOf = (folder: string): string[] =>
  readdirSync(join(world.stateDir, folder)).filter((name) => /^[0-9a-f]{64}/.test(name));

describe("a build", () => {
  it("is told while it goes, by a process that gives way; what runs is the engine, in the next life too", async () => {
    world.start();
    const [model] = await deploy(1, { bytes: "good heavy", calibration: "ranges" });
    await builtTo(0.25, 0);
    const [builder] = runnersOf(world.pid);
    expect(processOf(builder!).nice).toBe(19);
    const first = await running(1);
    const told = world.broker.received.flatMap(({ topic, payload }) =>
      topic.endsWith("/reported") ? (buildOf(payload as Reported) ?? []) : [],
    );
    expect(told.at(-1)).toMatchObject({ model: "m", modelDigest: model, accelerator: "cpu" });
    const shares = told.map(({ progress }) => progress);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(told.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(["timing kernels", "choosing formats"]),
    );
    expect(Math.max(...told.map(({ elapsedMs }) => elapsedMs))).toBeGreaterThanOrEqual(1000);

    // Whatever its engine is built with comes with the model.
    expect(filesOf("objects").sort()).toEqual(
      [hex(model), createHash("sha256").update("ranges").digest("hex")].sort(),
    );
    const engine = engineOf(first)!;
    const bytes = readFileSync(join(world.stateDir, "engines", hex(engine.digest)), "utf8");
    expect(bytes).toMatch(/^good heavy\njetfleet engine 1\nmodel sha256:/);
    expect(engine.sizeBytes).toBe(bytes.length);
    expect(eventsSince(0, "engine-built")).toHaveLength(1);
    const events = await updateEventsTo("committed", world, 0);
    const building = events.find(({ from }) => from === "building");
    expect(building?.tookMs).toBeGreaterThan(2900);

    await world.kill();
    const from = now();
    world.start();
    expect(engineOf(await running(1, from))).toEqual(engine);
    expect(eventsSince(from, "engine-built")).toEqual([]);
  });

  it("ends in seconds when a newer version has another model, and not for a new threshold or a neighbour", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const heavy = { bytes: "good heavy", name: "yard" };
    await deploy(2, { bytes: "endless one" });
    await world.reported((r) => buildOf(r)?.phase === "reading the graph");
    await deploy(3, { bytes: "endless one" }, heavy);
    const waiting = await world.reported((r) => buildOf(r, "yard") !== undefined);
    expect(buildOf(waiting, "yard")).toMatchObject({ phase: "waiting for its turn", progress: 0 });
    const atMs = performance.now();
    await deploy(4, { bytes: "good two" }, heavy);
    await world.reported((r) => (buildOf(r, "yard")?.progress ?? 0) > 0);
    expect(performance.now() - atMs).toBeLessThan(5000);
    await deploy(5, { bytes: "good two" }, { ...heavy, detect: { minScore: 0.7 } });
    const end = await running(5);
    expect(end.pipelines.map(({ state }) => state)).toEqual(["running", "running"]);
    expect(eventsSince(0, "engine-built")).toHaveLength(3);
    const told = await updateEventsTo("committed", world, 0, "yard");
    const [cut] = told.filter(({ generation }) => generation === 5);
    expect(cut).toMatchObject({ state: "fetching" });
  });

  it("that cannot be is remembered with its reason, answered at once, and tried anew with another library", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const bad = { bytes: "unbuildable" };
    const undone = async (generation: number) => {
      await deploy(generation, bad);
      const { updates } = await world.reported(settled(generation, "rolled-back"));
      const ofBuilding = ({ data }: FleetEvent) =>
        data?.["generation"] === generation && data["from"] === "building";
      const { data } = await world.broker.waitFor<FleetEvent>("/events", ofBuilding);
      return { error: updates?.[0]?.error, tookMs: Number(data?.["tookMs"]) };
    };
    const first = await undone(2);
    expect(first.error).toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringMatching(/a node nobody knows$/),
    });
    await deploy(3, { bytes: "good one" });
    await running(3);
    const second = await undone(4);
    expect(second.error?.message).toMatch(/a node nobody knows.*is not tried again/);
    // No process was started for it.
    expect(second.tookMs).toBeLessThan(first.tookMs);
    const { engines } = await world.reported(settled(4, "rolled-back"));
    expect(engines).toMatchObject([
      { outcome: "unbuildable", inUse: true, error: { code: "MODEL_INVALID" } },
      { outcome: "built", inUse: true, origin: "built-here", accelerator: "cpu" },
    ]);

    await world.terminate();
    const runtimePath = join(world.folder, "libonnxruntime.so");
    writeFileSync(runtimePath, "a newer library");
    const from = now();
    world.start({ runtimePath });
    // Engines of the library before are of no use: what runs is built anew.
    await world.reported((r) => r.pipelines[0]?.state === "running", from);
    expect(eventsSince(from, "engine-built")).toHaveLength(1);
    await deploy(5, { bytes: "good one" });
    await running(5);
    const third = await undone(6);
    expect(third.error?.message).toMatch(/a node nobody knows$/);
  });

  const deaths = [{ kind: "brittle", code: "RUNNER_CRASHED" }];
  it.each(FULL ? deaths : [])(
    "whose process dies ($kind) takes nothing with it, and nothing is held against the model",
    async ({ kind, code }) => {
      world.start();
      await deploy(1, { bytes: "good one" });
      await running(1);
      await deploy(2, { bytes: `${kind} heavy` });
      const { updates, pipelines } = await world.reported(settled(2, "rolled-back"));
      expect(updates).toMatchObject([{ error: { code } }]);
      expect(pipelines).toMatchObject([{ state: "running", restarts: 0 }]);
      expect(filesOf("engine-notes")).toHaveLength(1);
    },
  );
});

describe("an engine on the disk", () => {
  const spoilt = [
    ["cut", "ENGINE_CUT", (path: string) => truncateSync(path, 3)],
    [
      "altered",
      "ENGINE_ALTERED",
      (path: string) => {
        writeFileSync(path, readFileSync(path, "utf8").replace("good", "mute"));
      },
    ],
  ] as const;
  it.each(FULL ? spoilt : spoilt.slice(0, 1))(
    "that was %s is refused before anything opens it, and built anew",
    async (_, code, spoil) => {
      world.start();
      await deploy(1, { bytes: "good one" });
      const engine = engineOf(await running(1))!;
      await world.kill();
      spoil(join(world.stateDir, "engines", hex(engine.digest)));
      const from = now();
      world.start();
      expect(engineOf(await running(1, from))?.digest).toBe(engine.digest);
      expect(eventsSince(from, "engine-refused").map(({ message }) => message)).toEqual([
        expect.stringContaining(code),
      ]);
      expect(eventsSince(from, "engine-built")).toHaveLength(1);
      expect(eventsSince(from, "runner-ended")).toEqual([]);
    },
  );

  it.each(FULL ? [500] : [])(
    "goes when the quota of %s bytes is full and nothing runs it",
    async (quota) => {
      world.start({ engineQuotaBytes: quota });
      await deploy(1, { bytes: "good one" });
      await running(1);
      await deploy(2, { bytes: "good two" });
      const engine = engineOf(await running(2));
      await expect.poll(() => filesOf("engines"), { timeout: 5000 }).toEqual([hex(engine?.digest)]);
    },
  );
});

describe("a board", () => {
  const heat = (celsius: number) => writeFileSync(join(world.folder, "heat"), String(celsius));

  it("that is hot has the build wait and say so, and stand still when it becomes hot meanwhile", async () => {
    heat(90);
    world.installTool(
      "tegrastats",
      `while :; do
        echo "RAM 2000/7852MB (lfb 1x4MB) CPU [10%@345] GR3D_FREQ 33% GPU@$(cat ${world.folder}/heat)C"
        sleep 0.2
      done`,
    );
    world.start();
    // Let the figures come before the build asks for them.
    await world.broker.waitFor("/stats", () => true);
    await deploy(1, { bytes: "good heavy" });
    const hot = await world.reported((r) => buildOf(r)?.waitsFor?.code === "BOARD_HOT");
    expect(buildOf(hot)).toMatchObject({
      progress: 0,
      phase: "waiting for the board",
      elapsedMs: 0,
    });
    const runners = () => runnersOf(world.pid).filter((pid) => processOf(pid).nice === 19);
    expect(runners()).toEqual([]);
    heat(60);
    const begun = await builtTo(0.25, 0);
    expect(buildOf(begun)?.waitsFor).toBeNull();
    heat(90);
    const from = now();
    const standing = await world.reported((r) => buildOf(r)?.waitsFor?.code === "BOARD_HOT", from);
    expect(buildOf(standing)?.progress).toBeGreaterThan(0);
    const [builder] = runners();
    expect(processOf(builder!).state).toBe("T");
    // Below the limit, and not yet cool: it stands still until then, so that it does not go back and forth.
    heat(80);
    expect(processOf(builder!).state).toBe("T");
    heat(60);
    await running(1);
    expect(eventsSince(0, "engine-waits").length).toBeGreaterThanOrEqual(1);
    expect(eventsSince(0, "engine-built")).toHaveLength(1);
  }, 60_000);

  const shortages = [{ of: "disk", code: "BOARD_DISK_FULL" }];
  it.each(FULL ? shortages : [])(
    "without room on its $of waits, says how much is missing, and goes on when there is room",
    async ({ code }) => {
      const df = (kib: number) =>
        world.installTool("df", `echo Filesystem; echo "/dev/root 9 9 ${kib} 9% /"`);
      const steady = { bytes: "good steady", name: "steady" };
      world.start();
      await deploy(1, { bytes: "good one" }, steady);
      await running(1);
      // The object itself is there: what lacks is room for the build.
      await deploy(2, { bytes: "good heavy" }, steady);
      await world.reported((r) => buildOf(r)?.phase === "reading the graph");
      df(1000);
      const full = await world.reported((r) => r.updates?.[0]?.error?.code === code);
      expect(full.pipelines).toMatchObject([{ state: "running" }, { state: "running" }]);
      df(10_000_000);
      await running(2);
      expectUntouched(world, 0, "steady");
    },
    60_000,
  );
});

describe("an agent that is killed while it builds", () => {
  const kills = [
    { kind: "good", shares: [0.25] },
    { kind: "good", shares: [0.25, 0.75] },
    { kind: "unbuildable", shares: [0.5] },
  ];
  it.each(FULL ? kills : kills.slice(0, 1))(
    "at $shares of it begins anew and comes to the same end: $kind",
    async ({ kind, shares }) => {
      world.start();
      await deploy(1, { bytes: "good one" });
      const former = engineOf(await running(1));
      await deploy(2, { bytes: `${kind} heavy` });
      for (const share of shares) {
        const from = now();
        await builtTo(share, from);
        const builders = runnersOf(world.pid);
        await world.kill();
        await expect.poll(() => builders.some(isAlive), { timeout: 8000 }).toBe(false);
        expect(filesOf("engines")).toHaveLength(1);
        world.start();
      }
      const end = await world.reported(
        (r) =>
          settled(2, kind === "good" ? "committed" : "rolled-back")(r) &&
          r.pipelines[0]?.state === "running",
      );
      if (kind === "good") expect(engineOf(end)?.digest).not.toBe(former?.digest);
      else expect(engineOf(end)).toEqual(former);
    },
    60_000,
  );
});

function isAlive(pid: number): boolean {
  try {
    return processOf(pid).state !== "Z";
  } catch {
    return false;
  }
}
