/**
 * Two pipelines, one of which is changed again and again, to good models and to bad ones of every kind, on a disk that
 * is slow; the agent is killed at random times of each update. Short in CI, 300 kills with JETFLEET_TEST_FULL; fewer
 * rounds of these with JETFLEET_TEST_ROUNDS.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { versionDigest } from "../../agent/update/pipeline-version.ts";
import type { Detections, Reported } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { FULL } from "../support/long-form.ts";
import {
  allRun,
  deployTo,
  expectUntouched,
  hex,
  runningAt,
  settled,
  updateEvents,
  versionFor,
  type Wanted,
} from "./support/deploying.ts";
import { AgentWorld } from "./support/world.ts";

const KILLS = FULL ? 5 : 3;
const ROUNDS = Number(process.env["JETFLEET_TEST_ROUNDS"] ?? (FULL ? 60 : 4));
/** Longer than an update takes, from its acceptance to its end. */
const WINDOW_MS = 3500;
const STEADY: Wanted = { bytes: "good steady", name: "steady" };
/** Those that are heavy are being built at most of the times at which the agent is killed. */
const KINDS = [
  ...["good heavy", "fatal", "bad", "unbuildable heavy", "good", "mute", "abort", "lazy"],
  ...["fickle", "brittle heavy"],
];
const SEED = Number(process.env["JETFLEET_TEST_SEED"] ?? Date.now() % 100_000);

/** Equal seeds give equal times (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe(`an agent that is killed ${ROUNDS * KILLS} times at random (JETFLEET_TEST_SEED=${SEED})`, () => {
  let world: AgentWorld;
  let good: Wanted = { bytes: "good 1" };
  const random = randomOf(SEED);

  beforeAll(async () => {
    world = await AgentWorld.create();
    world.diskMs = 100;
    world.start();
    await deployTo(world, 1, good, STEADY);
    await runningAt(world, 1);
  });

  afterAll(() => world.destroy());

  const rounds = Array.from({ length: ROUNDS }, (_, index) => ({
    generation: index + 2,
    kind: KINDS[index % KINDS.length] ?? "good",
  }));

  it.each(rounds)(
    "takes what is good and nothing else, round $generation: $kind",
    async ({ generation, kind }) => {
      const wanted: Wanted = { bytes: `${kind} ${generation}` };
      const from = world.broker.received.length;
      await deployTo(world, generation, wanted, STEADY);
      for (let kill = 0; kill < KILLS; kill += 1) {
        await delay(random() * WINDOW_MS);
        await world.kill();
        world.start();
      }
      const ends = endsOf(kind).map((end) => settled(generation, end));
      const final = await world.reported((r) => ends.some((is) => is(r)) && allRun(r), from);
      const former = good;
      const isTaken = settled(generation, "committed")(final);
      if (isTaken) good = wanted;
      expect(final.pipelines.map(({ specDigest }) => specDigest)).toEqual(digestsOf(good, STEADY));
      requireSound(world, from, former, wanted);
      requireWholeEngines(world, final);
      const states = updateEvents(world, from, "entrance")
        .filter((event) => event.generation === generation)
        .map(({ state }) => state);
      if (!isTaken) expect(states).not.toContain("committed");
      if (isTaken) expect(framesOf(world, from, wanted)).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** A fickle model is refused by a pipeline that runs; an agent that is killed meanwhile starts it anew, and it is fine. */
function endsOf(kind: string): ("committed" | "rolled-back")[] {
  if (kind === "fickle") return ["committed", "rolled-back"];
  return [kind.startsWith("good") ? "committed" : "rolled-back"];
}

/** Messages with frames of that very version. */
function framesOf(world: AgentWorld, from: number, wanted: Wanted): number {
  const { digest } = versionFor(wanted).model;
  return world.broker.received
    .slice(from)
    .filter(({ topic }) => topic.endsWith("/detections/entrance"))
    .filter(({ payload }) => (payload as Detections).modelDigest === digest).length;
}

function digestsOf(...wanted: Wanted[]): string[] {
  return wanted.map((one) => versionDigest(versionFor(one)));
}

/** Of everything that was said during a round, by whichever life of the agent. */
function requireSound(world: AgentWorld, from: number, former: Wanted, wanted: Wanted): void {
  const said = world.broker.received.slice(from);
  const reports = said
    .filter(({ topic }) => topic.endsWith("/reported"))
    .map(({ payload }) => payload as Reported);
  const pairs = new Set([former, wanted].map(pairOf));
  const [steady] = digestsOf(STEADY);
  for (const { pipelines, updates } of reports) {
    for (const { name, model, specDigest, restarts } of pipelines) {
      if (name === "steady") expect([specDigest, restarts]).toEqual([steady, 0]);
      else expect(pairs).toContain(`${model.digest} ${specDigest}`);
    }
    expect(updates?.find(({ pipeline }) => pipeline === "steady")?.state).toBe("committed");
  }
  expectUntouched(world, from, "steady");
  const models = [former, wanted].map((one) => versionFor(one).model.digest);
  for (const { topic, payload } of said) {
    if (!topic.endsWith("/detections/entrance")) continue;
    expect(models).toContain((payload as Detections).modelDigest);
  }
}

/** Engines that are run, and all that are kept, are what their digests say; nothing half-built lies anywhere. */
function requireWholeEngines(world: AgentWorld, { pipelines }: Reported): void {
  const folder = join(world.stateDir, "engines");
  const kept = readdirSync(folder).filter((name) => name !== "incoming");
  const digests = kept.map((name) => sha256Digest(readFileSync(join(folder, name))));
  expect(digests).toEqual(kept.map((name) => `sha256:${name}`));
  for (const { model, engine } of pipelines) {
    const text = readFileSync(join(folder, hex(engine?.digest)), "utf8");
    expect(text).toContain(`model ${model.digest}`);
  }
  const incoming = join(folder, "incoming");
  expect(existsSync(incoming) ? readdirSync(incoming) : []).toEqual([]);
}

function pairOf(wanted: Wanted): string {
  const version = versionFor(wanted);
  return `${version.model.digest} ${versionDigest(version)}`;
}
