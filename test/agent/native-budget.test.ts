/** A budget that a board is too slow for: how many of a camera's frames the agent has its runtime look at. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  BUDGET_ACTION,
  BudgetActionData,
  FleetEvent,
  type Reported,
  type Stats,
} from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { ModelManifest, type PipelineSpec } from "../../fleet/spec/index.ts";
import { heavyModel, tinyModel } from "../native/tiny-model.ts";
import { NATIVE } from "./support/built-here.ts";
import { CAMERA_FPS, type Camera } from "./support/camera.ts";
import { pipelineOf } from "./support/desired.ts";
import { cameraForEach, lacking } from "./support/with-camera.ts";
import type { AgentWorld } from "./support/world.ts";

const { missing, why } = lacking();

/** Products of a heavy model that take so long on this machine as it is now. */
async function productsFor(ms: number): Promise<number> {
  const { addon, model } = await import("../native/addon.ts");
  const path = join(mkdtempSync(join(tmpdir(), "jetfleet-heavy-")), "heavy.onnx");
  const products = 10;
  writeFileSync(path, heavyModel(products));
  const { wallMs } = await addon.measureInference(model(path), 10);
  rmSync(dirname(path), { recursive: true });
  return Math.round((products * ms) / Math.min(...wallMs));
}

describe.skipIf(missing !== undefined)(`the agent with the native runtime${why}`, () => {
  let world: AgentWorld;
  let camera: Camera;

  cameraForEach((...opened) => {
    [world, camera] = opened;
  });

  const running = ({ pipelines }: Reported) => pipelines[0]?.state === "running";

  async function deploy(
    generation: number,
    bytes: Buffer,
    more: Partial<PipelineSpec> = {},
  ): Promise<void> {
    world.objects.put(bytes);
    const model = ModelManifest.parse({
      name: "street",
      digest: sha256Digest(bytes),
      sizeBytes: bytes.length,
      labels: ["object"],
      decoder: "yolox",
    });
    await world.deploy(generation, {
      spec: { ...pipelineOf("entrance", "street", camera.uri), ...more },
      model,
    });
  }

  it("keeps a budget by looking at fewer frames, and looks at all again when the load is gone", async () => {
    // Five frames a second come, three can be looked at.
    const heavy = Buffer.from(heavyModel(await productsFor(300)));
    // So few frames come of it that it takes a while until they prove it.
    world.start({ ...NATIVE, watchDeadlineMs: 30_000 });
    await deploy(1, heavy);
    // Its engine is built and tried first, at its speed.
    await world.reported(running, 0, 90_000);
    await world.reported(({ update }) => update.state === "committed", 0, 90_000);
    /** By the number of the statistics. */
    const late = new Map<number, number>();
    const isEnough = ({ seq, pipelines: [own] }: Stats) => {
      if (own?.latencyMs) late.set(seq, own.latencyMs.p95);
      return late.size >= 5;
    };
    await world.broker.waitFor<Stats>("/stats", isEnough, world.broker.received.length);
    // Frames wait for each other's turn; without that it would be less than half.
    const [, , p95 = 0] = [...late.values()].sort((a, b) => a - b);
    const budget = { latencyP95Ms: Math.round(0.6 * p95) };
    await deploy(2, heavy, { budget });
    const steps = (event: FleetEvent) => event.kind === BUDGET_ACTION;
    const first = FleetEvent.parse(
      await world.broker.waitFor<FleetEvent>("/events", steps, 0, 60_000),
    );
    const action = BudgetActionData.parse(first.data);
    expect(action).toMatchObject({
      ...{ pipeline: "entrance", undone: false },
      to: { detectInterval: 2, admitEvery: 1 },
      because: { limit: "latencyP95Ms", wanted: budget.latencyP95Ms },
    });
    expect(action.because?.measured).toBeGreaterThan(budget.latencyP95Ms);
    // Frames between come out, too.
    const kept = ({ pipelines: [own] }: Stats) =>
      own?.budget?.acts === true &&
      own.source.detect?.interval === own.budget.pace.detectInterval &&
      own.budget.held === undefined &&
      own.fps > CAMERA_FPS * 0.7 &&
      (own.latencyMs?.p95 ?? Number.POSITIVE_INFINITY) < budget.latencyP95Ms;
    await world.broker.waitFor<Stats>("/stats", kept, 0, 60_000);
    const since = world.broker.received.length;
    await deploy(3, Buffer.from(tinyModel()), { budget });
    const isAsSpecified = (event: FleetEvent) => {
      if (event.kind !== BUDGET_ACTION) return false;
      const { undone, to } = BudgetActionData.parse(event.data);
      return undone && to.detectInterval === 1;
    };
    await world.broker.waitFor<FleetEvent>("/events", isAsSpecified, since, 180_000);
    const looks = ({ pipelines: [one] }: Stats) =>
      one?.source.detect?.interval === 1 && one.budget === undefined;
    await world.broker.waitFor<Stats>("/stats", looks, since);
    const reported = await world.reported((r) => r.generation === 3);
    expect(reported.pipelines).toMatchObject([{ state: "running", restarts: 0 }]);
  }, 400_000);
});
