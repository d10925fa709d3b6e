import type { OnnxNode } from "../onnx/index.ts";
import { holdsFor } from "./trt-version.ts";

interface InitializerRow {
  op: string;
  /** Positions of inputs that must be constants. */
  inputs: readonly number[];
  /** First TensorRT whose parser takes a value of the graph there; absent while none does. */
  before?: number;
}

// Source: onnx/onnx-tensorrt, what the importers of branches 5.1 to 10.1-GA assert of their inputs.
const INITIALIZERS: readonly InitializerRow[] = [
  { op: "Conv", inputs: [1], before: 700 },
  { op: "Conv", inputs: [2], before: 804 },
  { op: "ConvTranspose", inputs: [1], before: 802 },
  { op: "ConvTranspose", inputs: [2], before: 805 },
  { op: "BatchNormalization", inputs: [1, 2, 3, 4], before: 700 },
  { op: "InstanceNormalization", inputs: [1, 2], before: 806 },
  { op: "Clip", inputs: [1, 2] },
  { op: "Reshape", inputs: [1], before: 600 },
  { op: "Pad", inputs: [1, 2], before: 802 },
  { op: "Resize", inputs: [1, 2], before: 804 },
  { op: "Upsample", inputs: [1], before: 804 },
  { op: "Split", inputs: [1], before: 802 },
  { op: "Squeeze", inputs: [1], before: 804 },
  { op: "TopK", inputs: [1], before: 804 },
  { op: "CumSum", inputs: [1], before: 804 },
  { op: "QuantizeLinear", inputs: [1, 2], before: 800 },
  { op: "DequantizeLinear", inputs: [1, 2], before: 800 },
  { op: "NonMaxSuppression", inputs: [2, 3, 4], before: 805 },
  { op: "If", inputs: [0], before: 800 },
];

/** The first input of a node that a TensorRT wants as a constant of the file, and that is none; null for no such. */
export function wantedInitializer(
  { op, inputs }: OnnxNode,
  trt: number,
  isConstant: (name: string) => boolean,
): { input: string; until: number | null } | null {
  for (const row of INITIALIZERS) {
    if (row.op !== op || !holdsFor(row, trt)) continue;
    const input = row.inputs
      .map((at) => inputs[at] ?? "")
      .find((name) => name !== "" && !isConstant(name));
    if (input !== undefined) return { input, until: row.before ?? null };
  }
  return null;
}
