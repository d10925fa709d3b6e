import { closeSync, openSync, writeSync } from "node:fs";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type NodeSketch, writeGraph, writeModel } from "../../plan/support/onnx-writer.ts";

const LAYERS = 100;
const CHANNELS = 512;
const GRAPH_FIELD = 7;
const INITIALIZER_FIELD = 5;

/** Writes a chain of matrix products whose weights fill about `bytes`, and returns the exact size. */
export function writeLargeModel(path: string, bytes: number): number {
  const side = Math.round(bytes / LAYERS / 4 / CHANNELS);
  const nodes: NodeSketch[] = Array.from({ length: LAYERS }, (_, at) => ({
    op: "Gemm",
    inputs: [at === 0 ? "x" : `v${at}`, `w${at}`],
    outputs: [`v${at + 1}`],
    attributes: { transB: at % 2 },
  }));
  const graph = writeGraph({ inputs: { x: [1, CHANNELS] }, nodes, outputs: [`v${LAYERS}`] });
  const raw = new Uint8Array(side * CHANNELS * 4);
  const heads = Array.from({ length: LAYERS }, (_, at) =>
    tensorHead(`w${at}`, [CHANNELS, side], raw.length),
  );
  const rest = heads.reduce((sum, head) => sum + head.length + raw.length, 0);
  const file = openSync(path, "w");
  try {
    let size = writeSync(file, opsetOnly());
    size += writeSync(file, lengthHead(GRAPH_FIELD, graph.length + rest));
    size += writeSync(file, graph);
    for (const head of heads) size += writeSync(file, head) + writeSync(file, raw);
    return size;
  } finally {
    closeSync(file);
  }
}

/** A model without its graph, which is the last field that `writeModel` writes. */
function opsetOnly(): Uint8Array {
  const empty = writeModel({});
  return empty.subarray(0, empty.length - lengthHead(GRAPH_FIELD, 0).length);
}

/** All of an initializer up to its elements, which the caller writes behind it. */
function tensorHead(name: string, dims: number[], rawLength: number): Uint8Array {
  const tensor = new BinaryWriter();
  for (const dim of dims) tensor.tag(1, WireType.Varint).int64(dim);
  tensor.tag(2, WireType.Varint).int32(1);
  tensor.tag(8, WireType.LengthDelimited).string(name);
  const fields = tensor.finish();
  const raw = lengthHead(9, rawLength);
  const length = fields.length + raw.length + rawLength;
  return Buffer.concat([lengthHead(INITIALIZER_FIELD, length), fields, raw]);
}

function lengthHead(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}
