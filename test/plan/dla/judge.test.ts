import { describe, expect, it } from "vitest";
import { bufferNeed, DLA_RULES, type DlaContext, judge } from "../../../fleet/plan/dla/index.ts";
import type { Layer } from "../../../fleet/plan/layers/index.ts";
import { layer, pool, window } from "../support/layers.ts";

const XAVIER = { precision: "fp16", generation: 1 } as const;
const at = (trt: number, changes: Partial<DlaContext> = {}): DlaContext => ({
  ...XAVIER,
  trt,
  ...changes,
});

const act = (op: string, changes: Partial<Layer> = {}): Layer =>
  layer({ kind: "activation", op, ...changes });
const resize = (mode: string, coordinates: string, scale = 2, rounding = "floor"): Layer =>
  layer({
    kind: "resize",
    op: "Resize",
    resize: { mode, coordinates, rounding, scales: [1, 1, scale, scale], bySizes: false },
  });
const wide = (kernel: number): Layer => layer({ window: window(kernel, 1, 0) });
const deconv = (kernel: number, stride: number, pad = 0): Layer =>
  layer({ kind: "deconvolution", op: "ConvTranspose", window: window(kernel, stride, pad) });

describe("the DLA takes, and does not take", () => {
  it.each<[string, Layer, DlaContext, string | null]>([
    ["a plain convolution", layer(), at(501), null],
    ["kernel 17 before TensorRT 7.1", wide(17), at(600), "dla.conv.kernel"],
    ["kernel 17 from 7.1 on", wide(17), at(701), null],
    ["kernel 33", wide(33), at(802), "dla.conv.kernel"],
    ["stride 9", layer({ window: window(3, 9) }), at(802), "dla.conv.stride"],
    [
      "padding as large as the kernel",
      layer({ window: window(3, 1, 3) }),
      at(802),
      "dla.conv.padding-below-kernel",
    ],
    ["dilation 33", layer({ window: window(3, 1, 0, 33) }), at(802), "dla.conv.dilation"],
    [
      "deconvolution with stride unlike its kernel on 8.2",
      deconv(4, 2),
      at(802),
      "dla.deconv.stride-is-kernel",
    ],
    ["the same on 8.4", deconv(4, 2), at(804), null],
    ["the same on 8.0", deconv(4, 2), at(800), null],
    ["deconvolution with padding", deconv(4, 4, 1), at(802), "dla.deconv.padding"],
    ["square deconvolution of 24 on 8.5", deconv(24, 24), at(805), "dla.deconv.square-large"],
    ["pool 8×8", pool(8), at(802), null],
    ["pool 9×9", pool(9, 1, 4), at(805), "dla.pool.window"],
    ["pool stride 17", pool(3, 17), at(802), "dla.pool.stride"],
    [
      "a mean without padding in it, on Xavier",
      pool(3, 1, 1, { poolType: "average", countsPadding: false }),
      at(805),
      "dla.pool.exclusive-padding",
    ],
    [
      "the same on Orin",
      pool(3, 1, 1, { poolType: "average", countsPadding: false }),
      at(1003, { generation: 2 }),
      null,
    ],
    ["Relu", act("Relu"), at(501), null],
    ["Clip before 7.1", act("Clip", { clipMin: 0, clipMax: 6 }), at(600), "dla.activation.type"],
    ["Clip at 6 from 8.4 on", act("Clip", { clipMin: 0, clipMax: 6 }), at(804), null],
    [
      "Clip at 255 from 8.4 on",
      act("Clip", { clipMin: 0, clipMax: 255 }),
      at(804),
      "dla.activation.clip",
    ],
    ["LeakyRelu on 8.2", act("LeakyRelu"), at(802), "dla.activation.type"],
    ["LeakyRelu on 8.5", act("LeakyRelu"), at(805), null],
    ["HardSwish anywhere", act("HardSwish"), at(1003, { generation: 2 }), "dla.activation.type"],
    [
      "subtraction on 8.0",
      layer({ kind: "elementwise", op: "Sub", operation: "SUB" }),
      at(800),
      "dla.elementwise.operation",
    ],
    [
      "subtraction on 8.2",
      layer({ kind: "elementwise", op: "Sub", operation: "SUB" }),
      at(802),
      null,
    ],
    [
      "division on Xavier",
      layer({ kind: "elementwise", op: "Div", operation: "DIV" }),
      at(805),
      "dla.elementwise.operation",
    ],
    [
      "concatenation along the height",
      layer({
        kind: "concatenation",
        op: "Concat",
        axis: 2,
        inputs: [layer(), layer()].map(({ inputs: [one] }) => one ?? { name: "", dims: [] }),
      }),
      at(805),
      "dla.concat.axis",
    ],
    [
      "concatenation of one",
      layer({ kind: "concatenation", op: "Concat", axis: 1 }),
      at(802),
      "dla.concat.inputs",
    ],
    ["nearest resize before 8.2", resize("nearest", "asymmetric"), at(800), "dla.resize.version"],
    ["nearest asymmetric floor on 8.2", resize("nearest", "asymmetric"), at(802), null],
    ["nearest half_pixel on 8.2", resize("nearest", "half_pixel"), at(802), "dla.resize.mode"],
    [
      "nearest half_pixel on 8.4",
      resize("nearest", "half_pixel", 2, "round_prefer_floor"),
      at(804),
      null,
    ],
    ["the same rounded down", resize("nearest", "half_pixel"), at(804), "dla.resize.mode"],
    ["linear asymmetric on 8.5", resize("linear", "asymmetric"), at(805), "dla.resize.mode"],
    [
      "linear half_pixel by 8 on 8.5",
      resize("linear", "half_pixel", 8),
      at(805),
      "dla.resize.scales",
    ],
    ["resize by 1.5", resize("nearest", "asymmetric", 1.5), at(805), "dla.resize.scales"],
    [
      "softmax on Xavier",
      layer({ kind: "softmax", op: "Softmax", axis: 1 }),
      at(805),
      "dla.softmax",
    ],
    [
      "softmax on Orin",
      layer({
        kind: "softmax",
        op: "Softmax",
        axis: 1,
        inputs: [{ name: "x", dims: [1, 1000, 1, 1] }],
        outputs: [{ name: "y", dims: [1, 1000, 1, 1] }],
      }),
      at(805, { generation: 2 }),
      null,
    ],
    ["slice on 8.2", layer({ kind: "slice", op: "Slice", axes: [1] }), at(802), "dla.slice"],
    [
      "slice on 8.5 in FP16",
      layer({ kind: "slice", op: "Slice", axes: [1], steps: [1] }),
      at(805),
      null,
    ],
    [
      "slice on 8.5 in INT8",
      layer({ kind: "slice", op: "Slice", axes: [1] }),
      at(805, { precision: "int8" }),
      "dla.slice",
    ],
    ["a reduction", layer({ kind: "reduce", op: "ReduceMean" }), at(805), "dla.kind"],
    ["QuantizeLinear", layer({ kind: "quantize", op: "QuantizeLinear" }), at(805), "dla.kind"],
    [
      "a shape that is open",
      layer({ outputs: [{ name: "y", dims: [1, 16, -1, 32] }] }),
      at(805),
      "dla.dynamic-shape",
    ],
    [
      "batch 33 before 7.1",
      layer({ outputs: [{ name: "y", dims: [33, 16, 32, 32] }] }),
      at(600),
      "dla.batch",
    ],
    ["batch 33 on 8.5", layer({ outputs: [{ name: "y", dims: [33, 16, 32, 32] }] }), at(805), null],
    [
      "three dimensions",
      layer({ kind: "activation", op: "Relu", inputs: [{ name: "x", dims: [1, 85, 3549] }] }),
      at(805),
      "dla.rank",
    ],
    [
      "8193 columns",
      layer({ inputs: [{ name: "x", dims: [1, 3, 4, 8193] }] }),
      at(805),
      "dla.dimensions",
    ],
  ])("%s", (_label, subject, context, rule) => {
    expect(judge(subject, context)?.rule ?? null).toBe(rule);
  });

  it("says with numbers why, as a person would", () => {
    expect(judge(pool(9, 1, 4), at(805))?.message).toBe("pool window 9×9 exceeds 8×8");
    expect(judge(resize("linear", "asymmetric"), at(805))?.message).toBe(
      "Resize linear asymmetric is not supported on DLA in TensorRT 8.5",
    );
  });
});

describe("the convolution buffer", () => {
  const deep = layer({
    inputs: [{ name: "x", dims: [1, 512, 64, 64] }],
    window: window(7, 1, 3),
  });

  it("counts weight banks and data banks", () => {
    // 512 × 7 × 7 × 2 bytes are 50176, two banks of 32 KiB; ceil(1024/32) × 64 / 4 = 512 entries by 7 rows, 14 banks.
    expect(bufferNeed(deep, "fp16")).toEqual({ weightBanks: 2, dataBanks: 14, fits: true });
    expect(bufferNeed(deep, "int8")).toEqual({ weightBanks: 1, dataBanks: 7, fits: true });
  });

  it("refuses one bank too many, and knows when INT8 would fit", () => {
    const wider = layer({ ...deep, inputs: [{ name: "x", dims: [1, 512, 80, 80] }] });
    expect(judge(wider, at(805))).toMatchObject({
      rule: "dla.conv.buffer",
      remedy: "INT8 halves the need and fits",
    });
    expect(judge(wider, at(805, { precision: "int8" }))).toBeNull();
  });

  it("counts the rows that dilation spreads the kernel over", () => {
    const dilated = layer({ ...deep, window: window(3, 1, 0, 8) });
    expect(bufferNeed(dilated, "fp16")?.dataBanks).toBe(34);
  });
});

describe("a remedy", () => {
  const global = (height: number, width: number): Layer =>
    layer({
      kind: "reduce",
      op: "GlobalAveragePool",
      inputs: [{ name: "x", dims: [1, 512, height, width] }],
    });

  it("turns a global pooling into a pooling, only up to 8×8", () => {
    expect(judge(global(7, 7), at(805))?.remedy).toBe(
      "replace it by AveragePool with a kernel of 7×7",
    );
    expect(judge(global(8, 8), at(805))?.remedy).toContain("8×8");
    expect(judge(global(9, 9), at(805))?.remedy).toBeNull();
  });

  it("splits a large max pooling into small ones of the same reach", () => {
    expect(judge(pool(13, 1, 6), at(805))?.remedy).toContain(
      "7×7 (padding 3) then 7×7 (padding 3)",
    );
    expect(judge(pool(9, 1, 0), at(805))?.remedy).toContain("5×5 then 5×5");
    expect(judge(pool(9, 2, 4), at(805))?.remedy).toBeNull();
  });
});

it("every rule is a stable id with a source", () => {
  for (const rule of DLA_RULES) expect(rule.id).toMatch(/^dla(\.[a-z0-9-]+)+$/);
  expect(DLA_RULES.length).toBeGreaterThan(35);
});
