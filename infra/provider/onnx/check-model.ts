import type { CheckFailure } from "../check.ts";
import type { OnnxModel, TensorInfo } from "./read-model.ts";

const FLOAT32 = 1;
/** Largest stride of the YOLOX head: both sides of the input are multiples of it. */
const MAX_STRIDE = 32;

/** Why the model cannot be read by the `yolox` decoder with these labels; empty when it can. */
export function checkYolox(model: OnnxModel, labelCount: number): CheckFailure[] {
  if (model.hasExternalData) {
    return [
      fail("source", "expected one file with its weights inside, got a model with external data"),
    ];
  }
  const [input] = model.inputs;
  const [output] = model.outputs;
  if (!input || model.inputs.length > 1) {
    return [fail("source", `expected a model with one input, got ${model.inputs.length}`)];
  }
  if (!output || model.outputs.length > 1) {
    return [fail("source", `expected a model with one output, got ${model.outputs.length}`)];
  }
  return [...checkInput(input), ...checkOutput(output, labelCount)];
}

function checkInput(input: TensorInfo): CheckFailure[] {
  const [, channels, height, width] = input.dims;
  const sides = [height, width];
  const fits =
    input.elementType === FLOAT32 &&
    input.dims.length === 4 &&
    (channels === 3 || channels === null) &&
    sides.every((side) => side === null || (side !== undefined && side % MAX_STRIDE === 0));
  if (fits) return [];
  const got = describe(input);
  return [
    fail(
      "source",
      `decoder yolox expected input float32 [N,3,H,W] with H and W multiples of 32, got ${got}`,
    ),
  ];
}

function checkOutput(output: TensorInfo, labelCount: number): CheckFailure[] {
  const columns = output.dims[2];
  if (output.elementType !== FLOAT32 || output.dims.length !== 3) {
    return [
      fail("source", `decoder yolox expected output float32 [N,A,5+C], got ${describe(output)}`),
    ];
  }
  if (columns === null || columns === undefined || columns === 5 + labelCount) return [];
  const expected = columns - 5;
  return [
    fail(
      "labels",
      `expected ${expected} labels, as the model tells ${expected} classes apart, got ${labelCount}`,
    ),
  ];
}

function describe({ elementType, dims }: TensorInfo): string {
  const type = elementType === FLOAT32 ? "float32" : `element type ${elementType}`;
  return `${type} [${dims.map((dim) => dim ?? "?").join(",")}]`;
}

function fail(property: string, reason: string): CheckFailure {
  return { property, reason, code: "MODEL_INVALID" };
}
