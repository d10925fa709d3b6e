import type { OnnxModel, ValueInfo } from "../../../fleet/plan/onnx/index.ts";
import type { CheckFailure } from "../check.ts";
import { externalFileOf } from "./without-weights.ts";

/** Largest stride of the YOLOX head: both sides of the input are multiples of it. */
const MAX_STRIDE = 32;

/** Why the model cannot be read by the `yolox` decoder with these labels; empty when it can. */
export function checkYolox({ graph }: OnnxModel, labelCount: number): CheckFailure[] {
  const externalFile = externalFileOf(graph);
  if (externalFile !== null) {
    return [
      fail(
        "source",
        `expected one file with its weights inside, got a model with external data in ${externalFile}`,
      ),
    ];
  }
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  if (!input || graph.inputs.length > 1) {
    return [fail("source", `expected a model with one input, got ${graph.inputs.length}`)];
  }
  if (!output || graph.outputs.length > 1) {
    return [fail("source", `expected a model with one output, got ${graph.outputs.length}`)];
  }
  return [...checkInput(input), ...checkOutput(output, labelCount)];
}

function checkInput(input: ValueInfo): CheckFailure[] {
  const [, channels, height, width] = input.dims ?? [];
  const fits =
    input.type === "float32" &&
    input.dims?.length === 4 &&
    (channels === 3 || typeof channels !== "number") &&
    [height, width].every((side) => typeof side !== "number" || side % MAX_STRIDE === 0);
  if (fits) return [];
  const got = describe(input);
  return [
    fail(
      "source",
      `decoder yolox expected input float32 [N,3,H,W] with H and W multiples of 32, got ${got}`,
    ),
  ];
}

function checkOutput(output: ValueInfo, labelCount: number): CheckFailure[] {
  if (output.type !== "float32" || output.dims?.length !== 3) {
    return [
      fail("source", `decoder yolox expected output float32 [N,A,5+C], got ${describe(output)}`),
    ];
  }
  const columns = output.dims[2];
  if (typeof columns !== "number" || columns === 5 + labelCount) return [];
  const expected = columns - 5;
  return [
    fail(
      "labels",
      `expected ${expected} labels, as the model tells ${expected} classes apart, got ${labelCount}`,
    ),
  ];
}

function describe({ type, dims }: ValueInfo): string {
  const of = type === "unknown" ? "of an unknown type" : type;
  return dims === null
    ? `${of} of any shape`
    : `${of} [${dims.map((dim) => dim ?? "?").join(",")}]`;
}

function fail(property: string, reason: string): CheckFailure {
  return { property, reason, code: "MODEL_INVALID" };
}
