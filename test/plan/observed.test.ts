import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readObserved } from "../../cli/commands/observed.ts";
import { findModule } from "../../fleet/boards/catalog/index.ts";
import { PlanDiffersData } from "../../fleet/contract/index.ts";
import { type Observation, planFor, readModel } from "../../fleet/plan/index.ts";

const MODEL = readModel(readFileSync(join(import.meta.dirname, "../../models/street-v2-b1.onnx")));
const DIGEST = `sha256:${"a".repeat(64)}`;
const XAVIER = findModule("agx-xavier")!;
const ASKED = { accelerator: "gpu", precision: "fp16", digest: DIGEST } as const;
const PLAN = planFor(MODEL, XAVIER, ASKED);
const SILICON = {
  ...{ model: DIGEST, module: "agx-xavier", jetpack: PLAN.jetpack, powerMode: PLAN.powerMode },
  ...{ accelerator: "gpu", precision: "fp16" },
};

function told(changes: Partial<PlanDiffersData>, device = "door"): Observation {
  const data = { what: "inferenceMs", planned: "1 to 2", measured: "30", ...SILICON, ...changes };
  return { device, data: PlanDiffersData.parse(data) };
}
const planned = (...observed: Observation[]) => planFor(MODEL, XAVIER, { ...ASKED, observed });

describe("a plan that devices contradicted", () => {
  it("reaches to what they measured, and says who", () => {
    const plan = planned(told({}), told({ measured: "40" }, "yard"));
    const { latencyMs, fps } = PLAN.chosen!;
    expect(plan.chosen?.latencyMs).toEqual({ ...latencyMs, high: 40 });
    expect(plan.chosen?.fps).toEqual({ ...fps, low: 25 });
    expect(plan.restsOn.at(-1)).toMatch(/^intervals reach to what door, yard measured/);
    const said = plan.diagnostics.filter(({ rule }) => rule === "observed.inferenceMs");
    expect(said.map(({ message }) => message)).toEqual([
      "contradicted: inferenceMs 1 to 2 is 30, says door",
      "contradicted: inferenceMs 1 to 2 is 40, says yard",
    ]);
    // A build is another matter.
    expect(plan.buildMinutes).toEqual(PLAN.buildMinutes);
    const built = planned(told({ what: "buildMinutes", measured: "90" }));
    expect(built.buildMinutes).toEqual({ ...PLAN.buildMinutes, high: 90 });
    expect(built.chosen).toEqual(PLAN.chosen);
  });

  it("no longer surely meets a demand that a device missed, and by itself chooses another way", () => {
    const minFps = Math.floor(PLAN.chosen!.fps!.low);
    const observed = [told({})];
    expect(planFor(MODEL, XAVIER, { ...ASKED, minFps }).reason).not.toMatch(/not surely/);
    expect(planFor(MODEL, XAVIER, { ...ASKED, minFps, observed }).reason).toMatch(/not surely/);
    const auto = { ...ASKED, accelerator: "auto", minFps } as const;
    const chosen = [auto, { ...auto, observed }].map((one) => planFor(MODEL, XAVIER, one).chosen);
    expect(chosen.map((one) => one?.accelerator)).toEqual(["gpu", "split"]);
  });

  it("names each layer that was built otherwise once, with all devices, and what they do not name", () => {
    const counts = { compared: 9, silent: 0, unmatched: 0, precisions: 1, timed: 0, more: 3 };
    const one = { layer: "conv1", what: "precision", planned: "fp16", measured: "fp32" } as const;
    const layers = { ...counts, differences: [one] };
    const plan = planned(
      told({ what: "layers", layers }, "yard"),
      told({ what: "layers", layers }),
    );
    const said = plan.diagnostics.filter(({ rule }) => rule.startsWith("observed."));
    expect(said.map(({ nodes, message }) => [nodes, message])).toEqual([
      [["conv1"], "contradicted: precision of conv1 planned fp16 is fp32, says door, yard"],
      [[], "contradicted: 3 layers more, which its event does not name, says door, yard"],
    ]);
    expect(plan.verdict).toBe(PLAN.verdict);
  });

  it.each<[string, Partial<PlanDiffersData>]>([
    ["another model", { model: `sha256:${"b".repeat(64)}` }],
    ["another module", { module: "tx2" }],
    ["a module that was not told", { module: undefined }],
    ["another JetPack", { jetpack: "4.6.1" }],
    ["another power mode", { powerMode: "MODE_10W" }],
  ])("is not changed by what was measured of %s", (_what, changes) => {
    expect(planned(told(changes))).toEqual(PLAN);
  });

  it.each<[string, Partial<PlanDiffersData>]>([
    ["another accelerator", { accelerator: "dla0" }],
    ["another precision", { precision: "int8" }],
    ["what is no number", { measured: "soon" }],
  ])("has no other times by %s", (_what, changes) => {
    expect(planned(told(changes)).chosen).toEqual(PLAN.chosen);
  });
});

describe("what events print", () => {
  const folder = mkdtempSync(join(tmpdir(), "observed-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string): string => {
    writeFileSync(join(folder, "events"), text);
    return join(folder, "events");
  };
  const event = (changes = {}) =>
    JSON.stringify({ id: 1, kind: "plan-differs", ...told({}), ...changes });

  it("is read line by line; other kinds do not matter", async () => {
    const read = await readObserved(
      file(`${event()}\n${event({ kind: "update", data: null })}\n\n`),
    );
    expect(read).toEqual([told({})]);
  });

  it.each([
    ["nothing JSON", "{"],
    ["no event", "[]"],
    ["an event cut short", event().slice(0, -9)],
    ["data of another form", event({ data: { what: "all" } })],
    ["a number that is none", event({ data: { ...told({}).data, measured: 7 } })],
  ])("is refused with its line when it is %s", async (_what, line) => {
    await expect(readObserved(file(`${event()}\n${line}\n`))).rejects.toThrow(/event in line 2 of/);
  });

  it("is refused when there is no such file", async () => {
    await expect(readObserved("/nowhere")).rejects.toMatchObject({ code: "USAGE" });
  });
});
