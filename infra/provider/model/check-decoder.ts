import type { OnnxModel, ValueInfo } from "../../../fleet/plan/onnx/index.ts";
import type { Decoder } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import { externalFileOf } from "./without-weights.ts";

interface Family {
  /** Both sides of the input are multiples of it. */
  stride: number;
  /** As a person reads it, its dimensions, and which of them has the classes behind five numbers of the box. */
  output: string;
  rank: number;
  classes: number;
}

/** What the native decoders ask of a model (native/core/decode). */
const FAMILIES: Readonly<Record<Decoder, Family>> = {
  yolox: { stride: 32, output: "[N,A,5+C]", rank: 3, classes: 2 },
  fastestdet: { stride: 16, output: "[N,5+C,H/16,W/16]", rank: 4, classes: 1 },
};

/** Why the model cannot be read by a decoder with these labels; empty when it can. */
export function checkDecoder(
  decoder: Decoder,
  { graph }: OnnxModel,
  labelCount: number,
): CheckFailure[] {
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
  return [...checkInput(decoder, input), ...checkOutput(decoder, output, labelCount)];
}

function checkInput(decoder: Decoder, input: ValueInfo): CheckFailure[] {
  const { stride } = FAMILIES[decoder];
  const [, channels, height, width] = input.dims ?? [];
  const fits =
    input.type === "float32" &&
    input.dims?.length === 4 &&
    (channels === 3 || typeof channels !== "number") &&
    [height, width].every((side) => typeof side !== "number" || side % stride === 0);
  if (fits) return [];
  const got = describe(input);
  return [
    fail(
      "source",
      `decoder ${decoder} expected input float32 [N,3,H,W] with H and W multiples of ${stride}, got ${got}`,
    ),
  ];
}

function checkOutput(decoder: Decoder, output: ValueInfo, labelCount: number): CheckFailure[] {
  const family = FAMILIES[decoder];
  if (output.type !== "float32" || output.dims?.length !== family.rank) {
    const got = describe(output);
    return [
      fail("source", `decoder ${decoder} expected output float32 ${family.output}, got ${got}`),
    ];
  }
  const columns = output.dims[family.classes];
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
