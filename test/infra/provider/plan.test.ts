import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { type Properties, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { changed, pipelineInputs } from "./inputs.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Pipeline", "entrance");
const INFO = 1;

let world: World;
let street: Properties;
beforeAll(async () => {
  world = await createWorld();
  const source = join(import.meta.dirname, "../../../models/street-v1-b1.onnx");
  street = await manifestOf(source, ["person", "vehicle", "bicycle"]);
});
afterAll(() => world.close());

/** The manifest that a model's check and preview give, as pipelines of the same update receive it. */
async function manifestOf(source: string, labels = ["person"]): Promise<Properties> {
  const model = urnOf("Model", "people");
  const inputs = await world.driver.checked(model, { source, labels });
  const { state } = await world.driver.create(model, inputs, { preview: true });
  return state["manifest"] as Properties;
}

function inputsWith(model: Properties, device: Properties): Properties {
  return { ...changed(pipelineInputs(), "detect.model", model), device };
}

function planIn(state: Properties): PlanSummary {
  return state["plan"] as unknown as PlanSummary;
}

async function previewed(model: Properties, device: Properties) {
  const before = world.engine.lines.length;
  const inputs = await world.driver.checked(urn, inputsWith(model, device));
  const { state } = await world.driver.create(urn, inputs, { preview: true });
  // Lines come in order but not before the answer, so one that is known to come ends them.
  const last = await world.driver.checked(urn, inputsWith(street, { name: "last", board: "tx2" }));
  const marker = await world.driver.create(urn, last, { preview: true });
  const text = `plan: ${planIn(marker.state).summary}`;
  const lines = () => world.engine.lines.slice(before);
  await vi.waitFor(() => expect(lines().at(-1)?.text).toBe(text));
  return { plan: planIn(state), lines: lines().slice(0, -1) };
}

const xavier = { name: "door", board: "agx-xavier" };

test("a preview tells what a model will do on a device that is not there yet, and what is assumed", async () => {
  const unknown = { ...xavier, jetpack: UNKNOWN, simulated: UNKNOWN };
  const { plan, lines } = await previewed(street, unknown);
  expect(plan).toMatchObject({ verdict: "runs", precision: "fp16", jetpack: "5.1.6" });
  const { low = 0, mid = 0, high = 0 } = plan.estimatedFps ?? {};
  expect([low > 0, mid > low, high > mid]).toEqual([true, true, true]);
  expect(plan.layers?.fallbackReasons.length).toBeGreaterThan(0);
  expect(plan.layers?.fallbackReasons.length).toBeLessThanOrEqual(3);
  expect(plan.engineMemoryBytes).toBeGreaterThan(2 ** 20);
  expect(plan.buildMinutes?.high).toBeGreaterThan(plan.buildMinutes?.low ?? Infinity);
  expect(plan.basis.join()).toContain("published figures");
  expect(lines).toEqual([{ text: `plan: ${plan.summary}`, severity: INFO, ephemeral: false }]);
  expect(plan.summary).toMatch(/JetPack is not known yet: 5\.1\.6.*is assumed/);
});

test("a plan follows the board's own JetPack and says when the board is simulated", async () => {
  const { plan } = await previewed(street, { ...xavier, jetpack: "4.6.1", simulated: true });
  expect(plan.jetpack).toBe("4.6.1");
  expect(plan.summary).toContain("real silicon, while this board is simulated");
  expect(plan.summary).not.toContain("assumed");
});

test("without a known board there is no plan yet", async () => {
  const { plan, lines } = await previewed(street, { name: "door", board: UNKNOWN });
  expect(plan).toBe(UNKNOWN);
  expect(lines).toEqual([]);
});

test("the plan is kept in state and is never a change by itself", async () => {
  await world.device("kept");
  const device = { name: "kept", board: "tx2", jetpack: "4.6.1", simulated: true };
  const inputs = await world.driver.checked(urn, inputsWith(street, device));
  const preview = await world.driver.create(urn, inputs, { preview: true });
  const created = await world.driver.create(urn, inputs);
  expect(planIn(created.state)).toEqual(planIn(preview.state));
  expect(await world.driver.read(urn, created)).toEqual(created);
  for (const other of [
    device,
    { ...device, jetpack: "4.6.4" },
    { ...device, jetpack: UNKNOWN, simulated: UNKNOWN },
    { name: "kept", board: "tx2" },
  ]) {
    const news = await world.driver.checked(urn, inputsWith(street, other));
    expect((await world.driver.diff(urn, created, news)).changes).toEqual({});
  }
  // A state from before plans were made.
  const { plan: _plan, ...before } = created.state;
  expect((await world.driver.diff(urn, { ...created, state: before }, inputs)).changes).toEqual({});
});

test("a model whose file was not seen has no plan, which says why and keeps nothing from running", async () => {
  const strange = { ...street, digest: `sha256:${"c".repeat(64)}` };
  const { plan, lines } = await previewed(strange, xavier);
  expect(plan).toMatchObject({ verdict: "absent", basis: [] });
  expect(plan.summary).toContain("file was not checked");
  expect(lines).toEqual([]);
});

test("a plan of the state stays when an update of the same model cannot make a new one", async () => {
  const strange = { ...street, digest: `sha256:${"d".repeat(64)}` };
  const inputs = await world.driver.checked(urn, inputsWith(strange, xavier));
  const plan = { verdict: "runs", summary: "as before", basis: [] };
  const known = { id: "door/entrance", inputs, state: { ...inputs, state: "running", plan } };
  const news = changed(inputs, "detect.minScore", 0.9);
  const updated = await world.driver.update(urn, known, news, { preview: true });
  expect(updated.state["plan"]).toEqual(plan);
  const moved = changed(news, "device.board", "tx2");
  const other = await world.driver.update(urn, known, moved, { preview: true });
  expect(planIn(other.state).verdict).toBe("absent");
});

test("a plan that was made once is not made again", async () => {
  const source = join(world.dir, "once.onnx");
  copyFileSync(join(import.meta.dirname, "../../../models/street-v2-b1.onnx"), source);
  const model = await manifestOf(source, ["person", "vehicle", "bicycle"]);
  const first = await previewed(model, xavier);
  rmSync(source);
  const second = await previewed(model, { ...xavier, name: "gate" });
  expect(second.plan).toEqual(first.plan);
  const other = await previewed(model, { name: "door", board: "tx2" });
  expect(other.plan.verdict).toBe("absent");
});

test("a file that changed after its check is not planned", async () => {
  const source = join(world.dir, "changed.onnx");
  writeFileSync(source, tinyOnnx(1, { producer: "one" }));
  const model = await manifestOf(source);
  writeFileSync(source, tinyOnnx(1, { producer: "two" }));
  expect((await previewed(model, xavier)).plan.summary).toContain("changed while");
});

test("a demand that the board cannot meet fails the check, with both figures", async () => {
  const source = join(world.dir, "large.onnx");
  writeFileSync(source, tinyOnnx(1, { side: 64 * 512 }));
  const model = await manifestOf(source);
  const tx2 = { name: "door", board: "tx2", jetpack: UNKNOWN, simulated: UNKNOWN };
  const { failures } = await world.driver.check(urn, inputsWith(model, tx2));
  expect(failures).toHaveLength(1);
  expect(failures[0]?.property).toBe("detect.model");
  expect(failures[0]?.reason).toMatch(/memory would need \d+ MiB of 8192/);
  const { failures: none } = await world.driver.check(urn, inputsWith(model, xavier));
  expect(none).toEqual([]);
});

test("a model that TensorRT cannot build is told, and still runs, as this version has the CPU", async () => {
  const source = join(world.dir, "strange.onnx");
  writeFileSync(source, tinyOnnx(1, { op: "QLinearMatMul" }));
  const { plan, lines } = await previewed(await manifestOf(source), xavier);
  expect(plan.verdict).toBe("refused");
  expect(plan.estimatedFps).toBeUndefined();
  expect(lines.map(({ severity }) => severity)).toEqual([INFO]);
});

test("a model without arithmetic has a plan without figures that are no numbers", async () => {
  const source = join(world.dir, "tiny.onnx");
  writeFileSync(source, tinyOnnx(1));
  const { plan } = await previewed(await manifestOf(source), xavier);
  expect(plan).toMatchObject({ verdict: "runs" });
  expect(plan.estimatedFps).toBeUndefined();
  expect(plan.summary).toContain("no layer of the model takes time");
});
