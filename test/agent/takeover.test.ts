import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Detections, type FleetEvent, FORMER_CONTRACT } from "../../fleet/contract/index.ts";
import { setDigestOf, signFormer } from "../../fleet/release/index.ts";
import {
  deployTo,
  hex,
  runnersOf,
  runningAt,
  updateEventsTo,
  versionFor,
} from "./support/deploying.ts";
import { BOARD, DEVICE, FLEET } from "./support/desired.ts";
import { AgentWorld } from "./support/world.ts";

let world: AgentWorld;

beforeEach(async () => {
  world = await AgentWorld.create();
});

afterEach(async () => {
  await world.destroy();
});

const WANTED = { bytes: "good one" };
const VERSION = versionFor(WANTED);

/** The state folder as an agent of the former version left it. */
function leaveState(state: unknown): void {
  const objects = join(world.stateDir, "objects");
  mkdirSync(objects, { recursive: true });
  writeFileSync(join(objects, hex(VERSION.model.digest)), WANTED.bytes);
  writeFileSync(join(world.stateDir, "state.json"), JSON.stringify(state));
}

/** The document of contract 1 that is still retained for it. */
function formerDocument(generation: number): string {
  const { spec, model } = VERSION;
  const document = {
    ...{ contract: FORMER_CONTRACT, fleet: FLEET, device: DEVICE, generation, issuedAtMs: 1 },
    ...{ board: BOARD, artifactUrl: world.objects.url, setDigest: setDigestOf([model]) },
    ...{ models: [model], pipelines: [spec] },
  };
  return JSON.stringify(signFormer(JSON.stringify(document), world.release.rootKey));
}

function framesSince(from: number): number[] {
  return world.broker.received
    .slice(from)
    .filter(({ topic }) => topic.endsWith("/detections/entrance"))
    .flatMap(({ payload }) => (payload as Detections).frames.map(({ index }) => index));
}

describe("a device of the former version", () => {
  it("runs on what it ran, and is taken over by signed parts without losing a frame", async () => {
    leaveState({
      version: 1,
      generation: 5,
      update: { state: "committed", generation: 5, sinceMs: 1 },
      active: [VERSION],
      before: null,
      setDigest: setDigestOf([VERSION.model]),
      previousObjects: [],
    });
    await world.publishDesired(formerDocument(5));
    world.start();
    const before = await world.reported(({ pipelines }) => pipelines[0]?.state === "running");
    expect(before).toMatchObject({ generation: 5, error: null, update: { state: "committed" } });
    expect(before.asks).toBeDefined();
    const runners = runnersOf(world.pid);

    await deployTo(world, 6, WANTED);
    const after = await runningAt(world, 6);
    expect(after.updates).toMatchObject([{ state: "committed", part: { number: { n: 1 } } }]);
    expect(after.asks).toBeUndefined();
    expect(runnersOf(world.pid)).toEqual(runners);
    const beyond = framesSince(0).length + 10;
    await expect.poll(() => framesSince(0).length, { timeout: 10_000 }).toBeGreaterThan(beyond);
    const frames = framesSince(0);
    expect(frames).toEqual(frames.map((_, index) => (frames[0] ?? 0) + index));
    expect(world.objects.asked).toEqual([]);
    const told = await updateEventsTo("committed", world, 0);
    expect(told.map(({ state }) => state)).toEqual(["committed"]);
  });

  it("does not go back to a document of the former contract once it runs by parts", async () => {
    world.start();
    await deployTo(world, 1, WANTED);
    await runningAt(world, 1);
    const from = world.broker.received.length;
    await world.publishDesired(formerDocument(9));
    const refused = await world.reported(({ error }) => error !== null, from);
    expect(refused).toMatchObject({
      error: { code: "VERSION_UNREADABLE" },
      pipelines: [{ state: "running" }],
    });
  });
});

describe("an agent that was put back to an older release", () => {
  it("keeps the newer state aside, goes on with what runs, and says so", async () => {
    world.start();
    await deployTo(world, 1, WANTED);
    await runningAt(world, 1);
    await world.terminate();
    const path = join(world.stateDir, "state.json");
    const state = JSON.parse(readFileSync(path, "utf8")) as { memory: object };
    const newer = JSON.stringify({ ...state, version: 4, pace: "of a later version" });
    writeFileSync(path, newer);
    const from = world.broker.received.length;
    world.start();
    await runningAt(world, 1, from);
    const event = await world.broker.waitFor<FleetEvent>(
      "/events",
      ({ kind }) => kind === "state-not-read",
      from,
    );
    expect(event.message).toMatch(/version 4 .*all that ran runs on; it is kept as/);
    expect(readFileSync(join(world.stateDir, "state.version-4.json"), "utf8")).toBe(newer);
    expect(world.objects.asked).toHaveLength(1);
  });
});
