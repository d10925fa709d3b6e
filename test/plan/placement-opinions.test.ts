import { describe, expect, it } from "vitest";
import {
  type BuiltLayer,
  inspectedLayers,
  type PlannedLayer,
  placementOpinions,
} from "../../fleet/plan/index.ts";

function planned(node: string, device: "gpu" | "dla", rule: string | null = null): PlannedLayer {
  return {
    node,
    op: "Conv",
    layer: "Convolution",
    device,
    rule,
    message: null,
    remedy: null,
    gflops: 1,
    ms: 1,
  };
}

function built(
  name: string,
  accelerator: string | null = null,
  reason: string | null = null,
): BuiltLayer {
  return { name, accelerator, reason };
}

const PLANNED = [
  planned("conv1", "dla"),
  planned("relu1", "dla"),
  planned("pool", "gpu", "dla.pool.window"),
  planned("conv2", "dla"),
  planned("folded", "dla"),
];

describe("the planner's opinion beside the builder's", () => {
  it("stands on one line for each node, and disagreements are counted", () => {
    const layers = [
      built("conv1"),
      built("relu1", "gpu", "canRunOnDLA says no"),
      built("pool", "dla0"),
      built("conv2"),
      built("Reformatting CopyNode for Input Tensor 0 to conv1"),
    ];
    const { opinions, disagreements, unmatched } = placementOpinions(PLANNED, layers, "dla");
    expect(
      opinions.map(({ node, planner, builder, agree }) => [node, planner, builder, agree]),
    ).toEqual([
      ["conv1", "dla", "dla", true],
      ["relu1", "dla", "gpu", false],
      ["pool", "gpu", "dla", false],
      ["conv2", "dla", "dla", true],
      ["folded", "dla", null, null],
    ]);
    expect(opinions[1]?.reason).toBe("canRunOnDLA says no");
    expect(opinions[2]?.rule).toBe("dla.pool.window");
    expect(disagreements).toBe(2);
    expect(unmatched).toEqual(["Reformatting CopyNode for Input Tensor 0 to conv1"]);
  });

  it.each<[string, string, string[]]>([
    ["nodes joined by +", "conv1 + relu1", ["conv1", "relu1"]],
    ["nodes side by side", "conv1 || conv2", ["conv1", "conv2"]],
    ["a pointwise node in a fusion", "conv1 + PWN(relu1)", ["conv1", "relu1"]],
    [
      "a part that a DLA takes as one",
      "{ForeignNode[conv1...conv2]}",
      ["conv1", "relu1", "pool", "conv2"],
    ],
    ["a part of unknown ends", "{ForeignNode[a...b]}", []],
    ["nothing of the model", "shuffle_between", []],
  ])("finds the nodes of %s", (_what, name, nodes) => {
    const { opinions, unmatched } = placementOpinions(PLANNED, [built(name, "dla0")], "dla");
    expect(opinions.filter(({ builder }) => builder !== null).map(({ node }) => node)).toEqual(
      nodes,
    );
    expect(unmatched).toEqual(nodes.length === 0 ? [name] : []);
  });
});

describe("the JSON of an engine inspector", () => {
  it.each<[string, string, BuiltLayer[]]>([
    [
      "with details",
      '{"Layers":[{"Name":"{ForeignNode[conv1...relu1]}","LayerType":"DLA"},{"Name":"pool","LayerType":"Pooling"}]}',
      [built("{ForeignNode[conv1...relu1]}", "dla"), built("pool", "gpu")],
    ],
    [
      "with names alone",
      '{"Layers":["{ForeignNode[conv1...conv2]}","pool"],"Bindings":[]}',
      [built("{ForeignNode[conv1...conv2]}", "dla"), built("pool", "gpu")],
    ],
    ["that is cut off", '{"Layers":["conv', []],
    ["of another kind", '{"Layers":{"Name":"x"}}', []],
    [
      "with layers that are none",
      '{"Layers":[null,7,{"Name":8},{"Name":"pool"}]}',
      [built("pool", "gpu")],
    ],
    ["that is nothing", "null", []],
  ])("%s is read as far as it goes", (_what, json, layers) => {
    expect(inspectedLayers(json)).toEqual(layers);
  });
});
