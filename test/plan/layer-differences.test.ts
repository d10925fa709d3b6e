import { describe, expect, it } from "vitest";
import { LayersBesidePlan, MAX_LAYER_DIFFERENCES } from "../../fleet/contract/index.ts";
import {
  type BuiltLayer,
  inspectedLayers,
  layersBesidePlan,
  type Plan,
  type PlannedLayer,
} from "../../fleet/plan/index.ts";

function planned(node: string, device: "gpu" | "dla", ms: number | null): PlannedLayer {
  const nothing = { rule: null, message: null, remedy: null, gflops: 1 };
  return { node, op: "Conv", layer: "convolution", device, ms, ...nothing };
}

function plan(layers: PlannedLayer[], precision: "fp16" | "int8" = "fp16") {
  const latencyMs = { expected: 10, low: 5, high: 20 };
  return { layers, chosen: { precision, latencyMs } } as Pick<Plan, "layers" | "chosen">;
}

const built = (name: string, accelerator: string | null = null, changes = {}): BuiltLayer => {
  return { name, accelerator, reason: null, ...changes };
};
const words = ({ differences }: LayersBesidePlan): string[] =>
  differences.map((one) => `${one.what} ${one.layer}: ${one.planned} / ${one.measured}`);

describe("an engine beside its plan, layer by layer", () => {
  const DLA = [planned("a", "dla", 1), planned("b", "dla", 1), planned("c", "gpu", 1)];
  it.each<[string, BuiltLayer[], string[]]>([
    ["as planned", [built("{ForeignNode[a...b]}", "dla"), built("c", "gpu")], []],
    ["a node that fell back", [built("a", "dla"), built("b", "gpu")], ["place b: dla / gpu"]],
    ["a node that the DLA took all the same", [built("c", "dla")], ["place c: gpu / dla"]],
    [
      "fused nodes, each by its name",
      [built("a + b", "gpu")],
      ["place a: dla / gpu", "place b: dla / gpu"],
    ],
    ["of which nothing is told", [], []],
    ["another precision", [built("a", "dla", { precision: "fp32" })], ["precision a: fp16 / fp32"]],
    [
      "a layer that nobody planned, in another precision",
      [built("x", "gpu", { precision: "fp32" })],
      [],
    ],
  ])("%s", (_what, layers, found) => {
    expect(words(layersBesidePlan(plan(DLA), layers, [], "dla"))).toEqual(found);
  });

  const GPU = [planned("a", "gpu", 4), planned("b", "gpu", 0), planned("c", "gpu", 0.01)];
  const LAYERS = [built("a + b"), built("c"), built("reformat")];
  it.each<[string, [string, number][], string[], number]>([
    ["within the interval", [["a + b", 7.9]], [], 1],
    ["slower", [["a + b", 8.1]], ["ms a + b: 4 / 8.1"], 1],
    ["faster", [["a + b", 1.9]], ["ms a + b: 4 / 1.9"], 1],
    ["off by what matters to nobody", [["c", 0.1]], [], 1],
    [
      "the worst first",
      [
        ["c", 1],
        ["a + b", 12],
      ],
      ["ms a + b: 4 / 12", "ms c: 0.01 / 1"],
      2,
    ],
    ["of a layer without a plan", [["reformat", 100]], [], 0],
    ["of a layer that is not listed", [["nobody", 100]], [], 0],
  ])("a time %s", (_what, times, found, timed) => {
    const measured = times.map(([name, ms]) => ({ name, ms }));
    const told = layersBesidePlan(plan(GPU), LAYERS, measured, "gpu");
    expect(words(told)).toEqual(found);
    expect(told).toMatchObject({ timed, compared: 3, silent: 0, unmatched: 1 });
  });

  it("says nothing of a time where nobody knows what was planned", () => {
    const unknown = plan([planned("a", "gpu", null)]);
    const times = [{ name: "a", ms: 100 }];
    const told = layersBesidePlan(unknown, [built("a")], times, "gpu");
    expect(told).toMatchObject({ timed: 0, differences: [], more: 0 });
  });

  it("counts what is silent, and what goes beyond the bound, and stays within the contract", () => {
    const names = Array.from({ length: 40 }, (_, at) => `${at}${"x".repeat(300)}`);
    const nodes = plan([...names, "folded"].map((name) => planned(name, "dla", 1)));
    const layers = names.map((name) => built(name, "gpu"));
    const told = LayersBesidePlan.parse(layersBesidePlan(nodes, layers, [], "dla"));
    expect(told.differences).toHaveLength(MAX_LAYER_DIFFERENCES);
    expect(told).toMatchObject({ compared: 40, silent: 1, more: 40 - MAX_LAYER_DIFFERENCES });
  });

  it.each([
    ["Float", "fp32"],
    ["Half", "fp16"],
    ["Int8", "int8"],
    ["BFloat16", undefined],
    ["constructor", undefined],
    [7, undefined],
    [undefined, undefined],
  ])("reads %s weights of an inspector as %s", (type, precision) => {
    const layer = { Name: "a", LayerType: "CaskConvolution", Weights: { Type: type, Count: 432 } };
    const [read] = inspectedLayers(JSON.stringify({ Layers: [layer] }));
    expect(read?.precision).toBe(precision);
  });
});
