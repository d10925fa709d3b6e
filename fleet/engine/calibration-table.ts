import { FleetError } from "../errors/index.ts";
import { MOST_TABLE_BYTES } from "../spec/index.ts";

export interface CalibrationTable {
  method: "entropy-2" | "min-max";
  /** Tensors that have a range. */
  tensors: number;
}

const FIRST = "jetfleet calibration 1";

/**
 * Reads a table of INT8 ranges, whose form is that of native/backends/tensorrt/files/calibration_table.h, before it goes
 * anywhere: the native runtime reads it again. `model`: digest of the ONNX file that it must be of. Throws MODEL_INVALID.
 */
export function readCalibrationTable(bytes: Uint8Array, model: string): CalibrationTable {
  if (bytes.length > MOST_TABLE_BYTES) {
    throw invalid(`at most ${MOST_TABLE_BYTES} bytes but got ${bytes.length}`);
  }
  const text = Buffer.from(bytes).toString("utf8");
  const [first = "", second = "", third = "", ...rest] = text.split("\n");
  if (first !== FIRST) {
    throw invalid(`"${FIRST}" in its first line but got ${JSON.stringify(first.slice(0, 60))}`);
  }
  const method = /^method (entropy-2|min-max)$/.exec(second)?.[1] as CalibrationTable["method"];
  if (method === undefined) throw invalid("method entropy-2 or min-max in its second line");
  const of = /^model ([0-9a-f]{64})$/.exec(third)?.[1];
  if (of === undefined) throw invalid("the digest of its model in its third line");
  if (`sha256:${of}` !== model) throw invalid(`one of model ${model} but got one of sha256:${of}`);
  if (rest.pop() !== "") throw invalid("a line break at its end, so it is cut off");
  const seen = new Set<string>();
  for (const [at, line] of rest.entries()) {
    const tensor = tensorOf(line);
    if (tensor === null || seen.has(tensor)) {
      throw invalid(`a tensor with its scale, each once, in line ${at + 4}`);
    }
    seen.add(tensor);
  }
  if (seen.size === 0) throw invalid("at least one tensor");
  return { method, tensors: seen.size };
}

/** "images 3c0103da": a tensor, and the bits of its scale, a float32 that is finite and not negative. */
function tensorOf(line: string): string | null {
  const [, tensor, bits] = /^(.+) ([0-9a-f]{8})$/.exec(line) ?? [];
  if (tensor === undefined || bits === undefined) return null;
  const scale = Buffer.from(bits, "hex").readFloatBE();
  return Number.isFinite(scale) && scale >= 0 ? tensor : null;
}

function invalid(expected: string): FleetError {
  return new FleetError("MODEL_INVALID", `Expected of a calibration table ${expected}`, {
    hint: "Calibrate the model again: buildEngine of the native runtime writes the table (native/backends/tensorrt).",
  });
}
