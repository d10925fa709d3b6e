import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Detections, Reported } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import type { Decoder } from "../../fleet/spec/index.ts";
import { FULL } from "../support/long-form.ts";
import {
  allRun,
  hex,
  runnersOf,
  settled,
  updateEventsTo,
  versionFor,
  type Wanted,
} from "./support/deploying.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, running, now } = worldForEach((opened) => {
  world = opened;
});

const withColour = (colour: string, bytes = "good one"): Wanted => ({
  bytes,
  secondary: { colour },
});
const objectFiles = () => readdirSync(join(world.stateDir, "objects")).sort();
const filesOf = (...texts: string[]) => texts.map((text) => hex(sha256Digest(text))).sort();
const engineModels = ({ engines = [] }: Reported) => new Set(engines.map(({ model }) => model));
/** Resolves with a batch whose objects the secondary model answers so. */
const answers = (label: string | undefined, from: number) =>
  world.broker.waitFor<Detections>(
    "/detections/entrance",
    ({ frames }) =>
      frames.every(({ tracks }) => {
        const said = tracks?.[0]?.attributes?.["colour"];
        return (said && "label" in said ? said.label : undefined) === label;
      }),
    from,
  );

// Three lives of an agent in some, each as slow as a busy machine makes it.
describe("a pipeline with a secondary model", { timeout: 90_000 }, () => {
  it("is brought all its models and an engine of each, and its results tell what the second one says", async () => {
    world.start();
    await deploy(1, withColour("good red"));
    const reported = await running(1);
    expect(objectFiles()).toEqual(filesOf("good one", "good red"));
    expect(engineModels(reported)).toEqual(new Set(["good one", "good red"].map(sha256Digest)));
    expect(reported.engines?.every(({ inUse }) => inUse)).toBe(true);
    await answers("good red", 0);
  });

  it("is started anew beside the former one for another secondary model, whose bytes stay to go back to", async () => {
    world.start();
    await deploy(1, withColour("good red"));
    await running(1);
    const [former] = runnersOf(world.pid);
    const from = now();
    await deploy(2, withColour("good blue"));
    await running(2, from);
    await answers("good blue", from);
    expect(runnersOf(world.pid)).not.toContain(former);
    const told = await updateEventsTo("committed", world, from);
    const bytes = told.flatMap((event) => event.bytes ?? []);
    expect(bytes).toEqual(["good blue".length]);
    await expect.poll(objectFiles).toEqual(filesOf("good one", "good red", "good blue"));

    await deploy(3, withColour("good green"));
    await running(3, now());
    await expect.poll(objectFiles).toEqual(filesOf("good one", "good blue", "good green"));

    await deploy(4, { bytes: "good one" });
    await running(4, now());
    await answers(undefined, now());
    await expect.poll(objectFiles).toEqual(filesOf("good one", "good green"));
  });

  it("keeps it when the model that detects is exchanged inside the runner", async () => {
    world.start();
    await deploy(1, withColour("good red"));
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    const [second] = await deploy(2, withColour("good red", "good two"));
    const reported = await running(2, from);
    expect(reported.pipelines[0]?.model.digest).toBe(second);
    expect(runnersOf(world.pid)).toEqual(runners);
    await answers("good red", now());
  });

  it.each([
    ["cannot be loaded", "bad blue", "testing", "MODEL_INVALID", /secondary model colour: /],
    ["ends who tries it", "abort blue", "testing", "RUNNER_CRASHED", /secondary model colour: /],
    ["cannot be built", "unbuildable blue", "building", "MODEL_INVALID", /nobody knows/],
    ["arrives as other bytes", "spoilt blue", "fetching", "ARTIFACT_DIGEST", /sha256/],
  ])("goes on as it was when another one %s", async (_what, bytes, state, code, text) => {
    world.start();
    await deploy(1, withColour("good red"));
    await running(1);
    const runners = runnersOf(world.pid);
    const from = now();
    const wanted = withColour(bytes);
    world.objects.put(bytes);
    if (bytes.startsWith("spoilt")) world.objects.spoil(bytes);
    await world.deploy(2, versionFor(wanted));
    const reported = await world.reported(settled(2, "rolled-back"), from);
    expect(reported.pipelines).toMatchObject([
      { state: "running", restarts: 0, error: { code, message: expect.stringMatching(text) } },
    ]);
    const told = await updateEventsTo("rolled-back", world, from);
    expect(told.map((event) => event.state)).toContain(state);
    expect(told.find((event) => event.state === "rolling-back")?.from).toBe(state);
    expect(runnersOf(world.pid)).toEqual(runners);
    await answers("good red", now());
  });

  it("waits for another one that the hub does not have yet, and goes on as it was meanwhile", async () => {
    world.start();
    await deploy(1, withColour("good red"));
    await running(1);
    const from = now();
    await world.deploy(2, versionFor(withColour("good blue")));
    const waits = ({ updates }: Reported) =>
      updates?.[0]?.state === "fetching" && updates[0].error !== null;
    const waiting = await world.reported((r) => waits(r) && allRun(r), from);
    expect(waiting.pipelines[0]?.error).not.toBeNull();
    await answers("good red", now());
    world.objects.put("good blue");
    await running(2, from);
    await answers("good blue", from);
  });

  it("is refused as a preview refuses it, whoever signed it, before anything is fetched", async () => {
    world.start();
    await deploy(1, withColour("good red"));
    await running(1);
    const asked = world.objects.asked.length;
    const { spec, model, secondaryModels } = versionFor(withColour("good blue"));
    world.objects.put("good blue");
    const { track: _, ...untracked } = spec;
    const colour = secondaryModels?.["colour"];
    if (colour === undefined) throw new Error("no model");
    const labelled = {
      ...spec,
      secondary: { colour: { ...spec.secondary?.["colour"], labels: ["cat"] } },
    };
    const detector = { colour: { ...colour, decoder: "yolox" as Decoder } };
    for (const [at, [version, text]] of (
      [
        [{ spec: untracked, model, secondaryModels }, /secondary of entrance needs a tracker/],
        [{ spec: labelled, model, secondaryModels }, /secondary.colour.labels .* has no cat/],
        [{ spec, model, secondaryModels: detector }, /secondary.colour.model .* is one of yolox/],
      ] as const
    ).entries()) {
      const from = now();
      await world.deploy(at + 2, version as Parameters<typeof world.deploy>[1]);
      const reported = await world.reported(settled(at + 2, "rolled-back"), from);
      expect(reported.pipelines).toMatchObject([
        { state: "running", error: { code: "SPEC_INVALID", message: expect.stringMatching(text) } },
      ]);
    }
    expect(world.objects.asked.length).toBe(asked);
  });

  it("that never ran says which model keeps it from running", async () => {
    world.start();
    await deploy(1, withColour("bad red"));
    const reported = await world.reported(settled(1, "rolled-back"));
    expect(reported.updates).toMatchObject([
      { error: { code: "MODEL_INVALID", message: expect.stringMatching(/colour/) } },
    ]);
  });

  it.each(FULL ? ["fetching", "building", "testing", "swapping", "watching"] : ["swapping"])(
    "comes to its new secondary model though the power goes when it is %s",
    async (state) => {
      world.start();
      await deploy(1, withColour("good red"));
      await running(1);
      await world.terminate();
      await deploy(2, withColour("good blue"));
      const from = now();
      world.startDoomed({ state, generation: 2, when: "after", write: 1 });
      expect(await world.exit()).toBe("SIGKILL");
      world.start();
      const ready = settled(2, "committed");
      await world.reported((reported) => ready(reported) && allRun(reported), from);
      await answers("good blue", from);
    },
  );

  it("fetches and builds anew what of it was spoilt on the disk", async () => {
    world.start();
    await deploy(1, withColour("good red"));
    const { engines = [] } = await running(1);
    await world.kill();
    const file = join(world.stateDir, "objects", hex(sha256Digest("good red")));
    const engine = engines.find(({ model }) => model === sha256Digest("good red"));
    writeFileSync(file, "good r3d");
    writeFileSync(join(world.stateDir, "engines", hex(engine?.digest)), "good r3d");
    const from = now();
    world.start();
    await running(1, from);
    await answers("good red", from);
    expect(readFileSync(file, "utf8")).toBe("good red");
  });
});
