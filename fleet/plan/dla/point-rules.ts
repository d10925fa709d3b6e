import type { Layer, LayerTensor } from "../layers/index.ts";
import { type DlaContext, type DlaRule, list } from "./rule.ts";

const ELEMENTWISE = ["elementwise"] as const;
const COMPARISONS = ["Equal", "Greater", "Less"];

function operationsOf({ trt, generation }: DlaContext): string[] {
  const all = ["SUM", "PROD", "MAX", "MIN"];
  if (trt >= 802) all.push("SUB");
  if (trt >= 1000 && generation === 2) all.push("DIV", "POW", ...COMPARISONS);
  return all;
}

function activationsOf({ trt }: DlaContext): string[] {
  const all = ["Relu", "Sigmoid", "Tanh"];
  if (trt >= 701) all.push("Clip");
  if (trt >= 804) all.push("LeakyRelu");
  return all;
}

/** Shapes that an elementwise layer takes beside NCHW: one value per channel, or one per picture. */
function broadcasts(full: readonly number[], dims: readonly number[]): boolean {
  if (list(full) === list(dims)) return true;
  const [n = 1, c = 1, h = 1, w = 1] = dims;
  return dims.length === 4 && n === full[0] && h === 1 && w === 1 && (c === 1 || c === full[1]);
}

/** Rules of activations, elementwise layers, and what joins or resizes tensors. */
export const POINT_RULES: readonly DlaRule[] = [
  {
    id: "dla.activation.type",
    kinds: ["activation"],
    objects: ({ op }, context) =>
      activationsOf(context).includes(op)
        ? null
        : `${op} is none of ${activationsOf(context).join(", ")}`,
    remedy: ({ op }, { trt }) =>
      op === "LeakyRelu" && trt < 804
        ? "write it as the larger of x and alpha times x (alpha is at most 1), or use JetPack 5 (TensorRT 8.4)"
        : null,
    source: "header",
  },
  {
    id: "dla.activation.clip",
    kinds: ["activation"],
    since: 804,
    objects: (layer) => {
      const { clipMax = null } = layer;
      const low = lowerBound(layer);
      if (low !== null || layer.op !== "Clip" || clipMax === null) return low;
      return clipMax < 1 || clipMax > 127 ? `a clip at ${clipMax} is outside 1 to 127` : null;
    },
    remedy: reluRemedy,
    source: "guide",
  },
  {
    // The header names kCLIP and no bounds; what came later is a clipped ReLU.
    id: "dla.activation.clip",
    kinds: ["activation"],
    since: 701,
    before: 804,
    objects: (layer) => {
      const low = lowerBound(layer);
      if (low !== null || layer.op !== "Clip") return low;
      return layer.clipMax === Number.POSITIVE_INFINITY ? "Clip without an upper bound" : null;
    },
    remedy: reluRemedy,
    source: "silent",
  },
  {
    id: "dla.activation.slope",
    kinds: ["activation"],
    since: 804,
    objects: ({ op, alpha = 0 }) =>
      op === "LeakyRelu" && alpha < 0 ? `a slope of ${alpha}, which is negative` : null,
    source: "guide",
  },
  {
    id: "dla.prelu.slopes",
    kinds: ["parametricRelu"],
    since: 804,
    objects: ({ inputs }) =>
      inputs.length > 1 ? "PRelu takes its slopes from the graph, where DLA needs constants" : null,
    source: "docs",
  },
  {
    id: "dla.scale.operation",
    kinds: ["scale"],
    objects: scaleObjection,
    source: "header",
  },
  {
    // A release that has differences has them of two tensors; no document speaks of a constant less a tensor.
    id: "dla.scale.constant-first",
    kinds: ["scale"],
    objects: ({ op, operation, constantFirst }) =>
      constantFirst && (operation === "SUB" || operation === "DIV")
        ? `${op} with the constant as its first operand`
        : null,
    remedy: ({ operation }) =>
      operation === "SUB" ? "multiply by -1 and add the constant, which gives the same" : null,
    source: "silent",
  },
  {
    id: "dla.prelu",
    kinds: ["parametricRelu"],
    before: 804,
    objects: () => "PReLU is supported from TensorRT 8.4 on",
    source: "silent",
  },
  {
    id: "dla.elementwise.operation",
    kinds: ELEMENTWISE,
    objects: ({ operation = "" }, context) =>
      operationsOf(context).includes(operation)
        ? null
        : `DLA cores do not support the ${operation.toUpperCase()} elementwise operation`,
    remedy: ({ operation }, { trt }) =>
      operation === "SUB" && trt < 802 ? "add the negated operand, or use TensorRT 8.2" : null,
    source: "header",
  },
  {
    id: "dla.elementwise.broadcast",
    kinds: ELEMENTWISE,
    objects: ({ inputs, outputs }) => {
      const full = outputs[0]?.dims ?? [];
      const odd = inputs.find(({ dims }) => !broadcasts(full, dims));
      return odd
        ? `operand ${list(odd.dims)} does not broadcast to ${list(full)} as DLA can`
        : null;
    },
    source: "faq",
  },
  {
    id: "dla.concat.axis",
    kinds: ["concatenation"],
    objects: ({ axis, outputs }) => {
      const channel = (outputs[0]?.dims.length ?? 4) - 3;
      return axis === channel
        ? null
        : `concatenation along axis ${axis} where DLA has the channel axis only`;
    },
    source: "header",
  },
  {
    id: "dla.concat.inputs",
    kinds: ["concatenation"],
    objects: ({ inputs }) =>
      inputs.length >= 2 ? null : "concatenation needs at least two inputs",
    source: "guide",
  },
  {
    id: "dla.resize.version",
    kinds: ["resize"],
    before: 802,
    objects: () => "resize is supported from TensorRT 8.2 on",
    remedy: deconvolutionRemedy,
    source: "silent",
  },
  {
    id: "dla.resize.mode",
    kinds: ["resize"],
    since: 802,
    objects: resizeMode,
    source: "header",
  },
  {
    id: "dla.resize.scales",
    kinds: ["resize"],
    since: 802,
    objects: resizeScales,
    source: "header",
  },
  {
    id: "dla.softmax",
    kinds: ["softmax"],
    objects: (_, { generation, trt }) =>
      generation === 2 && trt >= 804
        ? null
        : "softmax on DLA exists on Orin only, from TensorRT 8.4 on",
    source: "header",
  },
  {
    id: "dla.softmax.size",
    kinds: ["softmax"],
    objects: softmaxSize,
    source: "guide",
  },
  {
    id: "dla.elementwise.comparison",
    kinds: ELEMENTWISE,
    objects: ({ operation = "" }, { precision }) =>
      COMPARISONS.includes(operation) && precision !== "int8"
        ? `${operation} exists on DLA in INT8 only`
        : null,
    source: "docs",
  },
  {
    id: "dla.slice",
    kinds: ["slice"],
    objects: sliceObjection,
    source: "header",
  },
  {
    id: "dla.unary",
    kinds: ["unary"],
    objects: ({ operation = "" }, { trt, generation }) => {
      const known = trt >= 804 ? ["Abs"] : [];
      if (trt >= 1000 && generation === 2) known.push("Sin", "Cos", "Atanh");
      return known.includes(operation) ? null : `${operation} is no unary of this DLA`;
    },
    source: "header",
  },
  {
    id: "dla.lrn.window",
    kinds: ["lrn"],
    objects: ({ size = 0 }) =>
      [3, 5, 7, 9].includes(size) ? null : `LRN window ${size} is none of 3, 5, 7, 9`,
    source: "header",
  },
];

/** What is wrong with the lower bound of a Clip. */
function lowerBound({ op, clipMin = null, clipMax = null }: Layer): string | null {
  if (op !== "Clip") return null;
  if (clipMin === null || clipMax === null) return "Clip whose bounds are no constants";
  if (clipMin === 0) return null;
  return Number.isFinite(clipMin)
    ? `Clip from ${clipMin} on, where DLA clips from 0 on`
    : "Clip without a lower bound, where DLA clips from 0 on";
}

function reluRemedy({ op, clipMin, clipMax }: Layer): string | null {
  const isRelu = op === "Clip" && clipMin === 0 && clipMax === Number.POSITIVE_INFINITY;
  return isRelu ? "write it as Relu, which gives the same" : null;
}

/** A constant is added or multiplied by a scale layer; the parser writes other operations as elementwise layers. */
function scaleObjection({ op, operation = "" }: Layer, context: DlaContext): string | null {
  if (op === "BatchNormalization" || operationsOf(context).includes(operation)) return null;
  return `DLA cores do not support the ${operation} elementwise operation`;
}

const HALF_PIXEL = ["half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn"];
const TO_NEAREST = ["round_prefer_floor", "round_prefer_ceil"];

function resizeMode({ resize }: Layer, { trt }: DlaContext): string | null {
  if (!resize) return null;
  const { mode, coordinates, rounding } = resize;
  const nearest = mode === "nearest";
  const asymmetric = nearest && coordinates === "asymmetric" && rounding === "floor";
  const half =
    trt >= 804 &&
    HALF_PIXEL.includes(coordinates) &&
    (mode === "linear" || (nearest && TO_NEAREST.includes(rounding)));
  if (asymmetric || half) return null;
  const version = `${Math.floor(trt / 100)}.${trt % 100}`;
  const how = nearest ? `${coordinates} ${rounding}` : coordinates;
  return `Resize ${mode} ${how} is not supported on DLA in TensorRT ${version}`;
}

/** Each pixel as often as the scale says: what a deconvolution does whose windows do not overlap. */
function deconvolutionRemedy({ resize }: Layer, { trt }: DlaContext): string | null {
  const [batch, channels, height = 0, width = 0] = resize?.scales ?? [];
  const repeats =
    resize?.mode === "nearest" &&
    (resize.coordinates === "asymmetric"
      ? resize.rounding === "floor"
      : HALF_PIXEL.includes(resize.coordinates) && TO_NEAREST.includes(resize.rounding));
  const most = trt >= 701 ? 32 : 8;
  const whole = [height, width].every((one) => Number.isInteger(one) && one >= 1 && one <= most);
  return repeats && whole && batch === 1 && channels === 1
    ? `a deconvolution of kernel and stride ${height}×${width}, its weights 1 from each channel to itself, gives the same`
    : null;
}

/** Elements along the axis, and what stands beside it. */
function softmaxSize({ inputs, axis = 1 }: Layer, { trt }: DlaContext): string | null {
  const dims = inputs[0]?.dims ?? [];
  const along = dims[axis] ?? 1;
  const alone = dims.every((dim, at) => at === axis || dim === 1);
  if (trt < 806 && !alone)
    return `softmax of ${list(dims)} where only its axis may be longer than 1`;
  const most = alone ? 8192 : 1024;
  return along > most ? `softmax over ${along} elements, more than ${most}` : null;
}

function resizeScales({ resize }: Layer): string | null {
  if (!resize) return null;
  if (resize.bySizes) return "the output size is given instead of scales";
  const [batch = 1, channels = 1, ...spatial] = resize.scales ?? [];
  if (resize.scales?.length !== 4 || batch !== 1 || channels !== 1)
    return "scales other than of height and width";
  const most = resize.mode === "nearest" ? 32 : 4;
  const odd = spatial.some((scale) => !Number.isInteger(scale) || scale < 1 || scale > most);
  return odd ? `scales ${list(spatial)} are no whole numbers from 1 to ${most}` : null;
}

function sliceObjection(layer: Layer, { trt, precision }: DlaContext): string | null {
  if (trt < 804) return "slice is supported from TensorRT 8.4 on";
  if (layer.op !== "Slice" && layer.op !== "Split") return `${layer.op} is no plain slice`;
  if (precision === "int8") return "slice on DLA is FP16 only";
  if (layer.steps?.some((step) => step !== 1)) return `slice steps ${list(layer.steps)} are not 1`;
  if (layer.axes?.includes(0)) return "a slice along axis 0, the batch";
  return null;
}

/** Rules that hold whatever the layer is. */
export const COMMON_RULES: readonly DlaRule[] = [
  {
    id: "dla.kind",
    objects: ({ kind, op }, context) =>
      KINDS_ON_DLA.has(kind) || isMaximum(op, context) ? null : `DLA has no ${kind} layer (${op})`,
    remedy: (layer) => averagePoolRemedy(layer),
    source: "faq",
  },
  {
    id: "dla.control-flow",
    objects: ({ op, within, rounds = 1 }) =>
      within !== undefined || rounds > 1
        ? `${op} stands in control flow, which runs on the GPU only`
        : null,
    source: "faq",
  },
  {
    id: "dla.live-weights",
    kinds: ["convolution", "deconvolution"],
    objects: ({ op, liveWeights }) =>
      liveWeights ? `${op} takes its weights from the graph, where DLA needs constants` : null,
    source: "faq",
  },
  {
    id: "dla.dynamic-shape",
    objects: (layer) =>
      [...layer.inputs, ...layer.outputs].some(({ dims }) => dims.includes(-1))
        ? "a dimension is not known at build time"
        : null,
    source: "header",
  },
  {
    id: "dla.rank",
    objects: ({ inputs, outputs, kind }) => {
      const odd = [...inputs, ...outputs].find(({ dims }) => dims.length !== 4);
      return odd && kind !== "matrixMultiply"
        ? `tensor of rank ${odd.dims.length} where DLA has N×C×H×W`
        : null;
    },
    source: "logs",
  },
  {
    id: "dla.dimensions",
    objects: ({ inputs, outputs }) => {
      const odd = [...inputs, ...outputs].find(({ dims }) =>
        dims.slice(1).some((dim) => dim > 8192),
      );
      return odd ? `a dimension of ${list(odd.dims)} exceeds 8192` : null;
    },
    source: "header",
  },
  { id: "dla.batch", objects: batchObjection, source: "guide" },
  {
    id: "dla.matmul.constant",
    kinds: ["matrixMultiply"],
    objects: ({ bothLive }) =>
      bothLive ? "both operands change; DLA needs a constant second one" : null,
    source: "faq",
  },
];

function batchObjection({ outputs }: Layer, { trt }: DlaContext): string | null {
  const batch = outputs[0]?.dims[0] ?? 1;
  // Between 7.1 and 8.2 only getMaxDLABatchSize() of the board knows.
  const most = trt < 701 ? 32 : trt >= 804 ? 4096 : null;
  return most !== null && batch > most ? `batch ${batch} exceeds ${most}` : null;
}

const KINDS_ON_DLA = new Set<Layer["kind"]>([
  "convolution",
  "deconvolution",
  "matrixMultiply",
  "pooling",
  "activation",
  "parametricRelu",
  "elementwise",
  "scale",
  "concatenation",
  "slice",
  "resize",
  "softmax",
  "lrn",
  "unary",
]);

/** The only reduction there is, on Orin from the release after TensorRT 8.6.2 on. */
function isMaximum(op: string, { trt, generation }: DlaContext): boolean {
  return generation === 2 && trt >= 1000 && (op === "GlobalMaxPool" || op === "ReduceMax");
}

/** GlobalAveragePool is a reduction, which DLA lacks; a pooling of the same window it has, up to 8×8. */
function averagePoolRemedy({ op, inputs }: Layer): string | null {
  if (op !== "GlobalAveragePool" && op !== "GlobalMaxPool") return null;
  const [height = 0, width = 0] = spatial(inputs[0]);
  if (height < 1 || width < 1 || height > 8 || width > 8) return null;
  const pool = op === "GlobalAveragePool" ? "AveragePool" : "MaxPool";
  return `replace it by ${pool} with a kernel of ${height}×${width}`;
}

function spatial(tensor: LayerTensor | undefined): readonly number[] {
  return tensor?.dims.slice(2) ?? [];
}
