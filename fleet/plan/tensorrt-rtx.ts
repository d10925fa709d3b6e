import { SOCS } from "../boards/catalog/index.ts";
import { type Asked, insteadOf, refusal } from "./availability.ts";
import type { Precision } from "./estimate/hardware.ts";
import type { Layer, MappedGraph, Refusal } from "./layers/index.ts";
import type { Diagnostic } from "./plan-schema.ts";
import type { Choice } from "./policy.ts";
import type { Platform, Precisions } from "./settle.ts";
import type { ShapedGraph } from "./shapes/index.ts";

// TensorRT-RTX 1.7, which the cards of PCs run: networks are strongly typed and nothing calibrates. What is refused here
// was refused by its builder, operator by operator (test/plan/silicon/results/rtx-operators.json).

/** What the types of a graph decide. */
export interface TypedGraph {
  /** It quantises its own values, so that it computes in INT8 whatever is asked for. */
  isQuantised: boolean;
  isFloat32: boolean;
  /** Nodes that the card refuses in FP32. */
  refusedInFloat32: string[];
}

/** Null for boards with the full TensorRT, which chooses types itself. */
export function typedGraph(
  shaped: ShapedGraph,
  layers: readonly Layer[],
  { hardware }: Platform,
): TypedGraph | null {
  if (hardware.builder !== "tensorrt-rtx") return null;
  const float32 = layers.filter(
    (layer) =>
      isProduct(layer) && layer.outputs.some(({ name }) => typeOf(shaped, name) === "float32"),
  );
  const refused = hardware.arch === "turing" ? float32.filter(isMatrixProduct) : [];
  return {
    isQuantised: shaped.live.some(({ op }) => op === "QuantizeLinear"),
    isFloat32: float32.length > 0,
    refusedInFloat32: refused.map(({ name }) => name),
  };
}

function typeOf({ facts }: ShapedGraph, name: string): string | undefined {
  return facts.get(name)?.type;
}

function isProduct(layer: Layer): boolean {
  return layer.kind === "convolution" || layer.kind === "deconvolution" || isMatrixProduct(layer);
}

const PRODUCTS_INSIDE = new Set(["Einsum", "LSTM", "GRU", "RNN"]);

/** For compute capability 7.5: "FP32 GEMM is not supported". Convolutions are. */
function isMatrixProduct({ kind, op }: Layer): boolean {
  return kind === "matrixMultiply" || PRODUCTS_INSIDE.has(op);
}

/** The precisions that a typed graph leaves. */
export function typedPrecisions(
  { isQuantised, refusedInFloat32 }: TypedGraph,
  { settled, open }: Precisions,
): Precisions {
  if (isQuantised) return { settled: "int8", open: ["int8"] };
  const left = open.filter(
    (one) => one !== "int8" && (one !== "fp32" || refusedInFloat32.length === 0),
  );
  return { settled: left.includes(settled) ? settled : "fp16", open: left };
}

/** A precision that was asked for and cannot be had, with what there is instead. */
export function typedRefusals(
  { isQuantised, refusedInFloat32 }: TypedGraph,
  { module, precision, fps }: Asked,
  choice: Choice,
): Diagnostic[] {
  if (isQuantised) return [];
  const instead = insteadOf(choice, fps);
  if (precision === "int8") {
    const why =
      "TensorRT-RTX does not calibrate, and the model has no QuantizeLinear and DequantizeLinear pairs";
    const remedy =
      "ask for fp16, or export the model with symmetric QuantizeLinear and DequantizeLinear pairs";
    return [refusal("gpu.int8-graph", `INT8 on ${module.title}: ${why}${instead}`, remedy)];
  }
  if (precision !== "fp32" || refusedInFloat32.length === 0) return [];
  const { computeCapability } = SOCS[module.soc];
  const why = `TensorRT-RTX has no FP32 matrix products for compute capability ${computeCapability}`;
  const error = refusal("gpu.fp32-product", `FP32 on ${module.title}: ${why}${instead}`, FP16);
  return [{ ...error, nodes: refusedInFloat32 }];
}

const FP16 = "ask for fp16";

/** What must happen to the graph before it is built, and what its types decide against the question. */
export function typedNotes(
  typed: TypedGraph,
  { precision }: Asked,
  { chosen }: Choice,
): Diagnostic[] {
  const notes: Diagnostic[] = [];
  const told = { nodes: [], remedy: null };
  if (chosen && mustBeHalf(typed, chosen.candidate.precision)) {
    const message =
      "TensorRT-RTX computes in the types of the graph, which are FP32: it must be converted to FP16 before it is built";
    notes.push({ ...told, severity: "info", rule: "gpu.fp16-graph", message });
  }
  if (typed.isQuantised && (precision === "fp16" || precision === "fp32")) {
    const message = `TensorRT-RTX computes in the types of the graph, which quantises to INT8: ${precision.toUpperCase()} holds for the rest of it only`;
    notes.push({ ...told, severity: "warning", rule: "gpu.typed-graph", message });
  }
  return notes;
}

/** A quantised graph may keep FP32 between its pairs, where the card takes that. */
function mustBeHalf(
  { isFloat32, isQuantised, refusedInFloat32 }: TypedGraph,
  precision: Precision,
): boolean {
  return (isFloat32 && precision === "fp16") || (isQuantised && refusedInFloat32.length > 0);
}

/** What the parser of the full TensorRT takes, and TensorRT-RTX has no layer or plugin for. */
const MISSING = new Set(["DeformConv", "NonZero", "NonMaxSuppression"]);

/** The mapping with what TensorRT-RTX refuses besides, and in its own words. */
export function mappedForRtx(mapped: MappedGraph, shaped: ShapedGraph): MappedGraph {
  const own = shaped.live.flatMap((node): Refusal[] => {
    const { name, op, inputs } = node;
    const refused = (rule: string, message: string, remedy: string | null): Refusal[] => [
      { rule, node: name, op, message, remedy },
    ];
    if (node.domain === "" && MISSING.has(op))
      return refused("onnx.rtx-operator", `TensorRT-RTX has no ${op}`, null);
    const zero = op === "QuantizeLinear" ? shaped.facts.get(inputs[2] ?? "")?.values : null;
    return zero?.some((value) => value !== 0)
      ? refused(
          "onnx.asymmetric",
          "TensorRT-RTX quantises symmetrically only, and the zero point is not 0",
          "quantise with zero points of 0",
        )
      : [];
  });
  return { ...mapped, refusals: [...mapped.refusals.map(inItsWords), ...own] };
}

function inItsWords(refusal: Refusal): Refusal {
  if (refusal.rule !== "onnx.quantised-operator") return refusal;
  return {
    ...refusal,
    message: `${refusal.op} computes on integers; TensorRT-RTX takes INT8 from QuantizeLinear and DequantizeLinear pairs only`,
    remedy:
      "give the float model for FP16, or export symmetric QuantizeLinear and DequantizeLinear pairs (QDQ)",
  };
}
