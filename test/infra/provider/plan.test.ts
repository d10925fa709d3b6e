import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readModel } from "../../../fleet/plan/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { pipelinePlanner } from "../../../infra/provider/plan/pipeline-planner.ts";
import { type Properties, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { changed, manifest, pipelineInputs } from "./inputs.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Pipeline", "entrance");
const INFO = 1;
const WARNING = 2;

let world: World;
let street: Properties;
beforeAll(async () => {
  world = await createWorld();
  const source = join(import.meta.dirname, "../../../models/street-v1-b1.onnx");
  street = await manifestOf(source, ["person", "vehicle", "bicycle"]);
});
afterAll(() => world.close());

/** Told beside the plan (engine-preview.test.ts). */
const isOfEngine = (line: string): boolean => /^(engine of |whether an engine )/.test(line);

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

const previewed = (model: Properties, device: Properties) =>
  previewedInputs(inputsWith(model, device));

async function previewedInputs(news: Properties) {
  const before = world.engine.lines.length;
  const inputs = await world.driver.checked(urn, news);
  const { state } = await world.driver.create(urn, inputs, { preview: true });
  // Lines come in order but not before the answer, so one that is known to come ends them.
  const last = await world.driver.checked(urn, inputsWith(street, { name: "last", board: "tx2" }));
  const marker = await world.driver.create(urn, last, { preview: true });
  const text = `plan: ${planIn(marker.state).summary}`;
  const lines = () => world.engine.lines.slice(before).filter(({ text }) => !isOfEngine(text));
  await vi.waitFor(() => expect(lines().at(-1)?.text).toBe(text));
  return { plan: planIn(state), lines: lines().slice(0, -1) };
}

const xavier = { name: "door", board: "agx-xavier", module: "agx-xavier" };

test("a preview tells what a model will do on a device that is not there yet, and what is assumed", async () => {
  const unknown = { ...xavier, module: UNKNOWN, jetpack: UNKNOWN, simulated: UNKNOWN };
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
  expect(plan.summary).toMatch(
    /the module is not known: Jetson AGX Xavier 32GB is assumed; JetPack is not known yet: 5\.1\.6.*is assumed/,
  );
});

test("a plan follows the board's own JetPack and says when the board is simulated", async () => {
  const { plan } = await previewed(street, { ...xavier, jetpack: "4.6.1", simulated: true });
  expect(plan.jetpack).toBe("4.6.1");
  expect(plan.summary).toContain("real silicon, while this board is simulated");
  expect(plan.summary).toMatch(/the power mode is not known yet: MAXN, the fastest, is assumed$/);
});

test("a plan follows the power mode that the board is in", async () => {
  const device = { ...xavier, jetpack: "4.6.1", simulated: true };
  const { plan: full } = await previewed(street, { ...device, powerMode: "MAXN" });
  const { plan: saving } = await previewed(street, { ...device, powerMode: "MODE_10W" });
  expect(saving.powerMode).toBe("MODE_10W");
  expect(saving.estimatedFps?.mid).toBeLessThan(full.estimatedFps?.mid ?? 0);
  expect(saving.summary).not.toContain("assumed");
});

test("a power mode that the tables do not hold is planned as the fastest, and said", async () => {
  const { plan } = await previewed(street, { ...xavier, jetpack: "4.6.1", powerMode: "OWN_20W" });
  expect(plan.powerMode).toBe("MAXN");
  expect(plan.summary).toContain("the tables do not hold power mode OWN_20W of the board: MAXN");
});

test("a plan is made for the module that the board carries, in its own power modes", async () => {
  const device = { ...xavier, jetpack: "5.1.2", powerMode: "MODE_15W" };
  const { plan } = await previewed(street, { ...device, module: "agx-xavier-16gb" });
  expect(plan.summary).toContain("Jetson AGX Xavier 16GB");
  expect(plan).toMatchObject({ powerMode: "MODE_15W" });
  expect(plan.summary).not.toContain("assumed");
});

test("a module of which too little is known has no plan, rather than that of its elder relative", async () => {
  const { plan } = await previewed(street, { ...xavier, module: "agx-xavier-industrial" });
  expect(plan.verdict).toBe("absent");
  expect(plan.summary).toMatch(/no plan: Not enough is known of agx-xavier-industrial/);
});

test("a module that the tables do not hold is planned as the board, and said", async () => {
  const { plan } = await previewed(street, { ...xavier, module: "agx-xavier-128gb" });
  expect(plan.summary).toContain(
    "the tables do not hold module agx-xavier-128gb: Jetson AGX Xavier 32GB is assumed",
  );
});

test("what of TensorRT is not as the plan takes it is a warning", async () => {
  const fault = "not all of JetPack 5.1.2 is installed: TensorRT 8.5.2";
  const device = { ...xavier, jetpack: "5.1.2", libraryFaults: [fault] };
  const { plan, lines } = await previewed(street, device);
  const text = `the plan takes TensorRT as JetPack has it, but ${fault}`;
  expect(plan).toMatchObject({ verdict: "runs", warnings: [text] });
  expect(lines).toContainEqual({ text: `plan: ${text}`, severity: WARNING, ephemeral: false });
  const { plan: whole } = await previewed(street, { ...device, libraryFaults: [] });
  expect(whole.warnings).toBeUndefined();
});

test("that a release has two builds of TensorRT is told where the DLA is planned with", async () => {
  const early = { ...xavier, jetpack: "4.4", powerMode: "MAXN" };
  const dla = async (device: Properties) => {
    const news = inputsWith(street, device);
    return (await previewedInputs(changed(news, "detect.accelerator", "dla0"))).plan.summary;
  };
  expect(await dla(early)).toContain("JetPack 4.4 has two builds of TensorRT 7.1.3");
  expect(await dla({ ...early, jetpack: "4.6.1" })).not.toContain("two builds");
  expect(
    (await previewed(street, { ...early, board: "tx2", module: "tx2" })).plan.summary,
  ).not.toContain("two builds");
});

test("without a known board there is no plan yet", async () => {
  const { plan, lines } = await previewed(street, { name: "door", board: UNKNOWN });
  expect(plan).toBe(UNKNOWN);
  expect(lines).toEqual([]);
});

test("the plan is kept in state, goes with the device's document and is never a change by itself", async () => {
  const peer = await world.device("kept");
  const device = { name: "kept", board: "tx2", jetpack: "4.6.1", simulated: true };
  const inputs = await world.driver.checked(urn, inputsWith(street, device));
  const preview = await world.driver.create(urn, inputs, { preview: true });
  const created = await world.driver.create(urn, inputs);
  expect(planIn(created.state)).toEqual(planIn(preview.state));
  expect(peer.desired?.plans).toEqual({ entrance: planIn(created.state) });
  expect(await world.driver.read(urn, created)).toEqual(created);
  for (const other of [
    device,
    { ...device, jetpack: "4.6.4" },
    { ...device, jetpack: UNKNOWN, simulated: UNKNOWN },
    { ...device, module: "tx2", libraryFaults: [] },
    { ...device, module: "tx2-nx", libraryFaults: ["something is missing"] },
    { ...device, module: UNKNOWN, libraryFaults: UNKNOWN },
    { ...device, powerMode: "MAXQ" },
    { ...device, powerMode: UNKNOWN },
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

test("that what is asked for cannot be held against a plan is a warning", async () => {
  const strange = { ...street, digest: `sha256:${"f".repeat(64)}` };
  for (const [path, value] of [
    ["budget", { minFps: 10 }],
    ["detect.precision", "int8"],
  ] as const) {
    const inputs = changed(inputsWith(strange, xavier), path, value);
    const { plan, lines } = await previewedInputs(inputs);
    expect(plan.verdict).toBe("absent");
    expect(lines.map(({ severity }) => severity)).toEqual([WARNING]);
    expect(lines[0]?.text).toContain("is not known: the model's file was not checked in this run");
  }
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

test("a model is read once, for its own check and for all plans with it", async () => {
  const source = join(world.dir, "once.onnx");
  copyFileSync(join(import.meta.dirname, "../../../models/street-v2-b1.onnx"), source);
  const model = await manifestOf(source, ["person", "vehicle", "bicycle"]);
  rmSync(source);
  const first = await previewed(model, xavier);
  const second = await previewed(model, { ...xavier, name: "gate" });
  expect(second.plan).toEqual(first.plan);
  expect((await previewed(model, { name: "door", board: "tx2" })).plan.verdict).toBe("runs");
});

test("a plan is that of the model that was checked, whatever becomes of its file", async () => {
  const source = join(world.dir, "changed.onnx");
  copyFileSync(join(import.meta.dirname, "../../../models/street-v2-b1.onnx"), source);
  const model = await manifestOf(source, ["person", "vehicle", "bicycle"]);
  writeFileSync(source, tinyOnnx(1));
  const { plan } = await previewed(model, xavier);
  expect(plan).toMatchObject({ verdict: "runs", modelDigest: model["digest"] });
  expect(plan.estimatedFps).toBeDefined();
});

test("a model that TensorRT cannot build is told, and still runs, as this version has the CPU", async () => {
  // No runtime takes it either, so that its own check would refuse it.
  const bytes = tinyOnnx(1, { op: "QLinearMatMul" });
  const digest = sha256Digest(bytes);
  pipelinePlanner.noteModel(digest, readModel(bytes));
  const strange = { ...manifest(), digest };
  const { plan, lines } = await previewed(strange, xavier);
  expect(plan.verdict).toBe("refused");
  expect(plan.estimatedFps).toBeUndefined();
  expect(lines.map(({ severity }) => severity)).toEqual([INFO, WARNING]);
  expect(lines[1]?.text).toMatch(
    /^plan: TensorRT could not build this model: .*; this version runs models through ONNX Runtime on the CPU, so it is deployed all the same$/,
  );
});

test("a model of an operator set that the planner does not know has no plan, and still runs", async () => {
  const source = join(world.dir, "newer.onnx");
  writeFileSync(source, tinyOnnx(1, { opset: 24 }));
  const { plan } = await previewed(await manifestOf(source), xavier);
  expect(plan).toMatchObject({ verdict: "absent" });
  expect(plan.summary).toContain("operator set 24, where 7 to 21 are understood");
});

test("a model without arithmetic has a plan without figures that are no numbers", async () => {
  const source = join(world.dir, "tiny.onnx");
  writeFileSync(source, tinyOnnx(1));
  const { plan } = await previewed(await manifestOf(source), xavier);
  expect(plan).toMatchObject({ verdict: "runs" });
  expect(plan.estimatedFps).toBeUndefined();
  expect(plan.summary).toContain("no layer of the model takes time");
});
