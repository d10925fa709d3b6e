/**
 * An update whose plan came with it, on a simulated board that is said to have a card: the agent's own builder process asks
 * the planner, and the inspector, layer by layer. The library is a stand-in that tells what a real one told of this model.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FleetEvent, PlanDiffersData } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { ModelManifest, PlanSummary } from "../../fleet/spec/index.ts";
import { settled } from "./support/deploying.ts";
import { pipelineOf } from "./support/desired.ts";
import { AgentWorld } from "./support/world.ts";

const bytes = readFileSync(resolve(import.meta.dirname, "../../models/street-v2-b1.onnx"));
const model = ModelManifest.parse({
  ...{ name: "street", decoder: "yolox", labels: ["person", "vehicle", "bicycle"] },
  ...{ digest: sha256Digest(bytes), sizeBytes: bytes.length },
});
const PLAN = PlanSummary.parse({
  ...{ verdict: "runs", summary: "s", basis: [], modelDigest: model.digest },
  ...{ module: "agx-xavier", jetpack: "5.1.2", powerMode: "MAXN" },
  ...{ accelerator: "gpu", precision: "fp16" },
});

let world: AgentWorld;
let backend: string;
beforeAll(async () => {
  world = await AgentWorld.create();
  backend = join(dirname(world.bundle), "libjetfleet-backend-tensorrt-rtx-1.7.so");
  writeFileSync(backend, "a stand-in");
  world.objects.put(bytes);
});
afterAll(async () => {
  rmSync(backend);
  await world.destroy();
});

it("an engine with a layer in another precision than planned is told of once, with the layer's name", async () => {
  const card = { name: "RTX A2000", computeCapability: "8.6", multiprocessors: 26 };
  world.start({ simulatedCard: card });
  world.plans = { entrance: PLAN };
  const spec = pipelineOf("entrance", "street");
  await world.deploy(1, { spec, model });
  const isTold = ({ kind }: FleetEvent) => kind === "plan-differs";
  const event = await world.broker.waitFor<FleetEvent>("/events", isTold, 0, 50_000);
  expect(event).toMatchObject({ pipeline: "entrance" });
  expect(event.message).toMatch(/^Planned layers of entrance: gpu fp16 for .*Relu fp16 is fp32$/);
  const data = PlanDiffersData.parse(event.data);
  expect(data).toMatchObject({ what: "layers", model: model.digest, ...silicon() });
  const layer = "/stage2/stage2.0/stage2.0.0/Conv + /stage2/stage2.0/stage2.0.2/Relu";
  // What this machine takes for a layer, or says that it does, is nothing to that silicon.
  expect(data.layers).toMatchObject({
    ...{ compared: 4, unmatched: 1, precisions: 2, timed: 0, more: 0 },
    differences: [{ layer, what: "precision", planned: "fp16", measured: "fp32" }],
  });
  expect(data.layers?.silent).toBeGreaterThan(10);
  await world.reported(settled(1, "committed"));
  const told = world.broker.received.filter(({ payload }) => isTold(payload as FleetEvent));
  expect(told).toHaveLength(1);
}, 60_000);

function silicon() {
  const { module, jetpack, powerMode, accelerator, precision } = PLAN;
  return { module, jetpack, powerMode, accelerator, precision };
}
