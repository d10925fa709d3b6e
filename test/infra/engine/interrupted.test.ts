import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FakeDevice } from "../provider/support/fake-device.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, Stack } from "./support/stack.ts";

const why = ENGINE ? "" : " (skipped: no Pulumi engine; run `npm run setup`)";
const ROUNDS = process.env["JETFLEET_TEST_FULL"] === "1" ? 10 : 1;
/** An `up` of this program is through by then on a quiet machine. */
const UP_MS = 5_000;

describe.skipIf(!ENGINE)(`an update under the real engine${why}`, { timeout: 300_000 }, () => {
  let world: World;
  let devices: FakeDevice[];
  let stack: Stack;

  beforeAll(async () => {
    world = await createWorld();
    devices = await Promise.all(["a", "b", "c"].map((name) => world.device(name)));
    stack = await Stack.create(world.dir, "cut");
    stack.configure(world.config as Record<string, string>);
  }, 60_000);
  afterAll(() => world?.close());

  function program(minScore: number): Declared {
    return {
      models: [{ as: "people", args: { source: world.modelPath, labels: ["person"] } }],
      pipelines: ["a", "b", "c"].map((device) => ({
        ...{ as: device, name: "entrance", device, model: "people" },
        ...{ uri: "rtsp://127.0.0.1/stream", minScore },
      })),
    };
  }

  test(`that is interrupted, ${ROUNDS} times at any moment, is gone on with by the next one`, async () => {
    const seed = Number(process.env["JETFLEET_TEST_SEED"] ?? Date.now() % 100_000);
    for (let round = 0; round < ROUNDS; round += 1) {
      const minScore = 0.2 + round / 50;
      const afterMs = pseudoRandom(seed + round) * UP_MS;
      const told = `seed ${seed}, round ${round}, after ${Math.round(afterMs)} ms`;
      stack.declare(program(minScore));
      const cut = stack.startOn("up", "--yes", "--skip-preview", "--suppress-progress");
      const timer = setTimeout(() => cut.interrupt(), afterMs);
      const { text } = await cut.outcome;
      clearTimeout(timer);
      expect(text, told).not.toMatch(/panic|exited prematurely|INTERNAL/);

      const after = await stack.up(program(minScore));
      expect(after.ok, `${told}\n${text}\n${after.text}`).toBe(true);
      expect(after.text, told).not.toMatch(/pending operation|unfinished/);
      const { pending, resources } = await stack.state();
      expect(pending, told).toBe(0);
      expect(Object.keys(resources).sort(), told).toEqual(["a", "b", "c", "people"]);
      const scores = devices.map(({ desired }) =>
        desired?.pipelines.map((one) => one.detect.minScore),
      );
      expect(scores, told).toEqual([[minScore], [minScore], [minScore]]);
    }
  });
});

/** From 0 to 1, the same for the same seed. */
function pseudoRandom(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}
