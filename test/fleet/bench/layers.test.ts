import { describe, expect, it } from "vitest";
import { layersOf } from "../../../fleet/bench/index.ts";

function span(name: string, us: number, op = "Conv", cat = "Node") {
  return { cat, name, dur: us, args: { op_name: op, provider: "CPUExecutionProvider" } };
}

describe("layers out of what a library tells", () => {
  it("of ONNX Runtime's trace are means of their kernels, slowest first", () => {
    const trace = [
      span("session_initialization", 90_000, "", "Session"),
      span("relu_kernel_time", 100, "Relu"),
      span("conv_fence_before", 999),
      span("conv_kernel_time", 1000),
      span("conv_kernel_time", 800),
      span("relu_kernel_time", 100, "Relu"),
    ];
    expect(layersOf(JSON.stringify(trace))).toEqual([
      { name: "conv", type: "Conv", place: "cpu", ms: 0.9, share: 0.9 },
      { name: "relu", type: "Relu", place: "cpu", ms: 0.1, share: 0.1 },
    ]);
  });

  it("of TensorRT's inspector have places, and no times that nobody measured", () => {
    const json = '{"Layers":[{"Name":"{ForeignNode[a...b]}","LayerType":"DLA"},{"Name":"pool"}]}';
    expect(layersOf(json)).toEqual([
      { name: "{ForeignNode[a...b]}", type: null, place: "dla", ms: null, share: null },
      { name: "pool", type: null, place: "gpu", ms: null, share: null },
    ]);
  });

  it("of TensorRT's inspector have the times of its profiler, and whatever only one of the two names", () => {
    const json =
      '{"Layers":[{"Name":"conv + relu","LayerType":"CaskConvolution"},{"Name":"noop"}]}';
    const times = [
      { name: "reformat", ms: 0.1 },
      { name: "conv + relu", ms: 0.3 },
    ];
    expect(layersOf(json, times)).toMatchObject([
      { name: "conv + relu", place: "gpu", ms: 0.3, share: expect.closeTo(0.75) },
      { name: "reformat", place: null, ms: 0.1, share: expect.closeTo(0.25) },
      { name: "noop", place: "gpu", ms: null, share: null },
    ]);
    expect(layersOf("", times).map(({ name }) => name)).toEqual(["conv + relu", "reformat"]);
  });

  it.each([
    "",
    "null",
    "[",
    "[null,1,{}]",
    '[{"cat":"Node","name":"x_kernel_time","dur":-5}]',
    "{}",
  ])("of %j are none", (text) => expect(layersOf(text)).toEqual([]));
});
