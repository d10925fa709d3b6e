import { describe, expect, it } from "vitest";
import { DLA_RULES, type DlaContext, judge, placeOnDla } from "../../../fleet/plan/dla/index.ts";
import { holdsFor, type Layer } from "../../../fleet/plan/layers/index.ts";
import { layer, pool, window } from "../support/layers.ts";

// TensorRT 5.1, 6.0, 7.1, 8.0, 8.2, 8.4, 8.5 on Xavier; 8.6 and 10.3 on Orin.
const VERSIONS = [501, 600, 701, 800, 802, 804, 805, 806, 1003] as const;
const context = (trt: number, changes: Partial<DlaContext> = {}): DlaContext => ({
  precision: "fp16",
  generation: trt >= 806 ? 2 : 1,
  trt,
  ...changes,
});

const dims = (...all: number[]): Partial<Layer> => ({
  inputs: [{ name: "x", dims: all }],
  outputs: [{ name: "y", dims: all }],
});
const conv = (
  kernel: number,
  stride = 1,
  pad = 0,
  dilation = 1,
  changes: Partial<Layer> = {},
): Layer => layer({ window: window(kernel, stride, pad, dilation), ...changes });
const deconv = (kernel: number, stride: number, pad = 0, changes: Partial<Layer> = {}): Layer =>
  layer({
    kind: "deconvolution",
    op: "ConvTranspose",
    window: window(kernel, stride, pad),
    ...changes,
  });
const tall = (kernel: number): Layer =>
  layer({
    kind: "deconvolution",
    op: "ConvTranspose",
    window: { ...window(1), kernel: [kernel, 1], stride: [kernel, 1] },
  });
const act = (op: string, changes: Partial<Layer> = {}): Layer =>
  layer({ kind: "activation", op, ...(op === "Clip" ? { clipMin: 0 } : {}), ...changes });
const scale = (op: string, operation: string, changes: Partial<Layer> = {}): Layer =>
  layer({ kind: "scale", op, operation, ...changes });
const prelu = (inputs: number): Layer =>
  layer({
    kind: "parametricRelu",
    op: "PRelu",
    inputs: [1, 2].slice(0, inputs).map((at) => ({ name: `x${at}`, dims: [1, 16, 32, 32] })),
  });
const elementwise = (operation: string): Layer =>
  layer({ kind: "elementwise", op: operation, operation });
const unary = (operation: string): Layer => layer({ kind: "unary", op: operation, operation });
const resize = (mode: string, coordinates: string, rounding: string, scale: number): Layer =>
  layer({
    kind: "resize",
    op: "Resize",
    resize: { mode, coordinates, rounding, scales: [1, 1, scale, scale], bySizes: false },
  });
const softmax = (...all: number[]): Layer =>
  layer({ kind: "softmax", op: "Softmax", axis: 1, ...dims(...all) });

const ALL = VERSIONS;
const since = (first: number): number[] => VERSIONS.filter((one) => one >= first);
const until = (last: number): number[] => VERSIONS.filter((one) => one <= last);

type Row = [
  what: string,
  versions: readonly number[],
  taken: Layer[],
  refused: Layer[],
  rule: string,
];

/** A cell of the table of restrictions: versions, what lies just inside, what lies just outside. */
const ROWS: readonly Row[] = [
  ["convolution kernel to 16", until(600), [conv(1), conv(16)], [conv(17)], "dla.conv.kernel"],
  ["convolution kernel to 32", since(701), [conv(1), conv(32)], [conv(33)], "dla.conv.kernel"],
  ["convolution stride to 8", ALL, [conv(3, 8)], [conv(3, 9)], "dla.conv.stride"],
  [
    "convolution padding to 15",
    until(600),
    [conv(16, 1, 15)],
    [conv(16, 1, 16)],
    "dla.conv.padding",
  ],
  [
    "convolution padding to 31",
    since(701),
    [conv(32, 1, 31)],
    [conv(32, 1, 32)],
    "dla.conv.padding",
  ],
  [
    "padding below the kernel",
    since(701),
    [conv(3, 1, 2)],
    [conv(3, 1, 3)],
    "dla.conv.padding-below-kernel",
  ],
  [
    "dilation to 32",
    since(701),
    [conv(3, 1, 0, 32, dims(1, 16, 32, 32))],
    [conv(3, 1, 0, 33)],
    "dla.conv.dilation",
  ],
  [
    "groups to 8192",
    since(701),
    [conv(1, 1, 0, 1, { groups: 8192, ...dims(1, 8192, 4, 4) })],
    [conv(1, 1, 0, 1, { groups: 8193, ...dims(1, 8192, 4, 4) })],
    "dla.conv.groups",
  ],
  [
    "dimensions to 8192",
    ALL,
    [conv(1, 1, 0, 1, dims(1, 8192, 1, 1))],
    [conv(1, 1, 0, 1, dims(1, 8193, 1, 1))],
    "dla.dimensions",
  ],
  ["deconvolution kernel to 16", until(600), [deconv(16, 8)], [deconv(17, 8)], "dla.deconv.kernel"],
  [
    "deconvolution kernel to 32",
    since(804),
    [deconv(32, 16)],
    [deconv(33, 16)],
    "dla.deconv.kernel",
  ],
  [
    "long deconvolutions in one dimension",
    since(701),
    [tall(64), tall(96), tall(128)],
    [tall(65)],
    "dla.deconv.kernel",
  ],
  ["deconvolution stride to 8", until(600), [deconv(8, 8)], [deconv(9, 9)], "dla.deconv.stride"],
  ["deconvolution stride to 32", [701, 800], [deconv(4, 32)], [deconv(4, 33)], "dla.deconv.stride"],
  [
    "stride equal to the kernel",
    [802],
    [deconv(4, 4)],
    [deconv(4, 2)],
    "dla.deconv.stride-is-kernel",
  ],
  ["any stride elsewhere", VERSIONS.filter((one) => one !== 802), [deconv(4, 2)], [], ""],
  [
    "deconvolution padding to 15",
    until(600),
    [deconv(16, 8, 15)],
    [deconv(16, 8, 16)],
    "dla.deconv.padding",
  ],
  [
    "deconvolution without padding",
    since(701),
    [deconv(4, 4, 0)],
    [deconv(4, 4, 1)],
    "dla.deconv.padding",
  ],
  [
    "one group",
    since(701),
    [deconv(4, 4, 0, { groups: 1 })],
    [deconv(4, 4, 0, { groups: 2 })],
    "dla.deconv.groups",
  ],
  [
    "squares of 23 to 32",
    since(804),
    [deconv(22, 22)],
    [deconv(23, 23), deconv(32, 32)],
    "dla.deconv.square-large",
  ],
  ["squares of 23 to 32 before", [701, 800, 802], [deconv(23, 23), deconv(32, 32)], [], ""],
  ["pool window to 8", ALL, [pool(1), pool(8)], [pool(9)], "dla.pool.window"],
  ["pool stride to 16", ALL, [pool(3, 16)], [pool(3, 17)], "dla.pool.stride"],
  ["pool padding to 7", ALL, [pool(8, 1, 7)], [pool(8, 1, 8)], "dla.pool.padding"],
  [
    "a mean that counts padding, on Xavier",
    [701, 800, 802, 804, 805],
    [pool(3, 1, 1, { poolType: "average", countsPadding: true })],
    [pool(3, 1, 1, { poolType: "average", countsPadding: false })],
    "dla.pool.exclusive-padding",
  ],
  [
    "either mean, on Orin",
    [806, 1003],
    [pool(3, 1, 1, { poolType: "average", countsPadding: false })],
    [],
    "",
  ],
  [
    "the first activations",
    ALL,
    [act("Relu"), act("Sigmoid"), act("Tanh")],
    [act("HardSigmoid"), act("HardSwish"), act("Elu"), act("Softplus")],
    "dla.activation.type",
  ],
  ["Clip before 7.1", until(600), [], [act("Clip", { clipMax: 6 })], "dla.activation.type"],
  [
    "Clip from 7.1",
    [701, 800, 802],
    [act("Clip", { clipMax: 6 }), act("Clip", { clipMax: 255 })],
    [
      act("Clip", { clipMax: Number.POSITIVE_INFINITY }),
      act("Clip", { clipMin: -1, clipMax: 6 }),
      act("Clip", { clipMin: -Infinity, clipMax: 6 }),
      act("Clip", { clipMin: 0, clipMax: null }),
    ],
    "dla.activation.clip",
  ],
  [
    "Clip at 1 to 127",
    since(804),
    [act("Clip", { clipMax: 1 }), act("Clip", { clipMax: 127 })],
    [
      act("Clip", { clipMax: 0.5 }),
      act("Clip", { clipMax: 128 }),
      act("Clip", { clipMax: Number.POSITIVE_INFINITY }),
      act("Clip", { clipMin: -1, clipMax: 6 }),
      act("Clip", { clipMin: 0.1, clipMax: 6 }),
      act("Clip", { clipMin: -Infinity, clipMax: 6 }),
      act("Clip", { clipMin: null, clipMax: 6 }),
    ],
    "dla.activation.clip",
  ],
  ["LeakyRelu before 8.4", until(802), [], [act("LeakyRelu")], "dla.activation.type"],
  [
    "LeakyRelu from 8.4",
    since(804),
    [act("LeakyRelu", { alpha: 0 }), act("LeakyRelu", { alpha: 0.1 })],
    [act("LeakyRelu", { alpha: -0.1 })],
    "dla.activation.slope",
  ],
  ["slopes of PRelu", since(804), [prelu(1)], [prelu(2)], "dla.prelu.slopes"],
  [
    "a constant that is added or multiplied",
    ALL,
    [scale("Add", "SUM"), scale("Mul", "PROD"), scale("BatchNormalization", "")],
    [],
    "",
  ],
  [
    "a constant that is taken away, before 8.2",
    until(800),
    [],
    [scale("Sub", "SUB"), scale("Div", "DIV")],
    "dla.scale.operation",
  ],
  [
    "a constant that is taken away, from 8.2",
    since(802),
    [scale("Sub", "SUB")],
    [scale("Sub", "SUB", { constantFirst: true })],
    "dla.scale.constant-first",
  ],
  [
    "a quotient by a constant before 10",
    until(806),
    [],
    [scale("Div", "DIV")],
    "dla.scale.operation",
  ],
  [
    "a quotient by a constant from 10, on Orin",
    since(1003),
    [scale("Div", "DIV")],
    [scale("Div", "DIV", { constantFirst: true })],
    "dla.scale.constant-first",
  ],
  [
    "weights of the file",
    ALL,
    [conv(3, 1, 1), deconv(2, 2)],
    [conv(3, 1, 1, 1, { liveWeights: true }), deconv(2, 2, 0, { liveWeights: true })],
    "dla.live-weights",
  ],
  [
    "no control flow",
    ALL,
    [conv(3, 1, 1)],
    [conv(3, 1, 1, 1, { within: "if" }), conv(3, 1, 1, 1, { rounds: 2 })],
    "dla.control-flow",
  ],
  [
    "PRelu before 8.4",
    until(802),
    [],
    [layer({ kind: "parametricRelu", op: "PRelu" })],
    "dla.prelu",
  ],
  ["PRelu from 8.4", since(804), [layer({ kind: "parametricRelu", op: "PRelu" })], [], ""],
  [
    "sums, products, largest and smallest",
    ALL,
    ["SUM", "PROD", "MAX", "MIN"].map(elementwise),
    [elementwise("And")],
    "dla.elementwise.operation",
  ],
  ["differences before 8.2", until(800), [], [elementwise("SUB")], "dla.elementwise.operation"],
  ["differences from 8.2", since(802), [elementwise("SUB")], [], ""],
  [
    "quotients and powers before 10",
    until(806),
    [],
    [elementwise("DIV"), elementwise("POW")],
    "dla.elementwise.operation",
  ],
  [
    "quotients and powers from 10, on Orin",
    since(1003),
    [elementwise("DIV"), elementwise("POW")],
    [elementwise("Greater")],
    "dla.elementwise.comparison",
  ],
  [
    "resize before 8.2",
    until(800),
    [],
    [resize("nearest", "asymmetric", "floor", 2)],
    "dla.resize.version",
  ],
  [
    "nearest asymmetric floor",
    since(802),
    [resize("nearest", "asymmetric", "floor", 2)],
    [resize("nearest", "asymmetric", "ceil", 2)],
    "dla.resize.mode",
  ],
  [
    "nearest to 32",
    since(802),
    [resize("nearest", "asymmetric", "floor", 32)],
    [resize("nearest", "asymmetric", "floor", 33), resize("nearest", "asymmetric", "floor", 1.5)],
    "dla.resize.scales",
  ],
  [
    "half pixel before 8.4",
    [802],
    [],
    [
      resize("nearest", "half_pixel", "round_prefer_floor", 2),
      resize("linear", "half_pixel", "", 2),
    ],
    "dla.resize.mode",
  ],
  [
    "half pixel from 8.4",
    since(804),
    [
      resize("nearest", "half_pixel", "round_prefer_ceil", 2),
      resize("linear", "half_pixel", "", 4),
    ],
    [resize("linear", "asymmetric", "", 2), resize("nearest", "half_pixel", "floor", 2)],
    "dla.resize.mode",
  ],
  [
    "linear to 4",
    since(804),
    [resize("linear", "half_pixel", "", 4)],
    [resize("linear", "half_pixel", "", 5)],
    "dla.resize.scales",
  ],
  ["softmax on Xavier", until(805), [], [softmax(1, 10, 1, 1)], "dla.softmax"],
  [
    "softmax on Orin, alone",
    since(806),
    [softmax(1, 8192, 1, 1)],
    [softmax(1, 8193, 1, 1)],
    "dla.dimensions",
  ],
  [
    "softmax on Orin, beside others",
    since(806),
    [softmax(1, 1024, 2, 1)],
    [softmax(1, 1025, 2, 1)],
    "dla.softmax.size",
  ],
  ["absolute values before 8.4", until(802), [], [unary("Abs")], "dla.unary"],
  ["absolute values from 8.4", [804, 805, 806], [unary("Abs")], [unary("Sin")], "dla.unary"],
  [
    "sines from 10, on Orin",
    since(1003),
    [unary("Sin"), unary("Cos"), unary("Atanh")],
    [unary("Atan"), unary("Exp")],
    "dla.unary",
  ],
  [
    "slices before 8.4",
    until(802),
    [],
    [layer({ kind: "slice", op: "Slice", axes: [1] })],
    "dla.slice",
  ],
  [
    "slices from 8.4",
    since(804),
    [layer({ kind: "slice", op: "Slice", axes: [1, 2, 3], steps: [1, 1, 1] })],
    [
      layer({ kind: "slice", op: "Slice", axes: [0], steps: [1] }),
      layer({ kind: "slice", op: "Slice", axes: [1], steps: [2] }),
    ],
    "dla.slice",
  ],
  [
    "LRN windows",
    ALL,
    [3, 5, 7, 9].map((size) => layer({ kind: "lrn", op: "LRN", size })),
    [layer({ kind: "lrn", op: "LRN", size: 4 })],
    "dla.lrn.window",
  ],
  [
    "reductions but the largest on Orin",
    ALL,
    [],
    [layer({ kind: "reduce", op: "ReduceMean" })],
    "dla.kind",
  ],
  [
    "the largest on Orin from 10",
    since(1003),
    [layer({ kind: "reduce", op: "GlobalMaxPool" })],
    [],
    "",
  ],
  [
    "the largest before",
    until(806),
    [],
    [layer({ kind: "reduce", op: "GlobalMaxPool" })],
    "dla.kind",
  ],
  [
    "batch to 32",
    until(600),
    [act("Relu", dims(32, 16, 8, 8))],
    [act("Relu", dims(33, 16, 8, 8))],
    "dla.batch",
  ],
  [
    "batch to 4096",
    since(804),
    [act("Relu", dims(4096, 16, 8, 8))],
    [act("Relu", dims(4097, 16, 8, 8))],
    "dla.batch",
  ],
  [
    "a constant second factor",
    ALL,
    [layer({ kind: "matrixMultiply", op: "Gemm", bothLive: false })],
    [layer({ kind: "matrixMultiply", op: "MatMul", bothLive: true })],
    "dla.matmul.constant",
  ],
];

describe.each(ROWS)("%s", (_what, versions, taken, refused, rule) => {
  it.each(versions)("on TensorRT %i", (trt) => {
    expect(taken.map((one) => judge(one, context(trt)))).toEqual(taken.map(() => null));
    expect(refused.map((one) => judge(one, context(trt))?.rule)).toEqual(refused.map(() => rule));
  });
});

it("has a boundary for every rule but those that other tests hold", () => {
  const tested = new Set(ROWS.map(([, , , , rule]) => rule));
  const elsewhere = [
    ...["dla.conv.spatial-rank", "dla.conv.outputs", "dla.conv.buffer", "dla.deconv.dilation"],
    ...["dla.pool.dilation", "dla.elementwise.broadcast", "dla.concat.axis", "dla.concat.inputs"],
    ...["dla.dynamic-shape", "dla.rank"],
  ];
  const missing = DLA_RULES.map(({ id }) => id).filter(
    (id) => !tested.has(id) && !elsewhere.includes(id),
  );
  expect(missing).toEqual([]);
});

it("says a number or a name in every objection", () => {
  const objections = ROWS.flatMap(([, versions, , refused]) =>
    refused.map((one) => judge(one, context(versions[0] ?? 802))),
  );
  for (const objection of objections) expect(objection?.message).toMatch(/\d|[A-Z]\w+/);
  expect(DLA_RULES.every((rule) => VERSIONS.some((trt) => holdsFor(rule, trt)))).toBe(true);
});

describe("the weights of a subgraph", () => {
  const heavy = (weightElements: number): Layer[] => [layer({ weightElements })];

  it.each([
    ["fp16", 2 ** 28, "dla"],
    ["fp16", 2 ** 28 + 1, "gpu"],
    ["int8", 2 ** 29, "dla"],
    ["int8", 2 ** 29 + 1, "gpu"],
  ] as const)("in %s of %i elements are for the %s", (precision, elements, device) => {
    const placed = placeOnDla(heavy(elements), context(805, { precision }));
    expect(placed.placements[0]?.device).toBe(device);
    if (device === "gpu") expect(placed.placements[0]?.objection?.rule).toBe("dla.weights");
  });
});
