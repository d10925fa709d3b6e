/** Element types of the ONNX format, by their number there. */
export const DATA_TYPES = {
  1: { name: "float32", bytes: 4 },
  2: { name: "uint8", bytes: 1 },
  3: { name: "int8", bytes: 1 },
  4: { name: "uint16", bytes: 2 },
  5: { name: "int16", bytes: 2 },
  6: { name: "int32", bytes: 4 },
  7: { name: "int64", bytes: 8 },
  8: { name: "string", bytes: 0 },
  9: { name: "bool", bytes: 1 },
  10: { name: "float16", bytes: 2 },
  11: { name: "float64", bytes: 8 },
  12: { name: "uint32", bytes: 4 },
  13: { name: "uint64", bytes: 8 },
  16: { name: "bfloat16", bytes: 2 },
} as const;

export type DataType = (typeof DATA_TYPES)[keyof typeof DATA_TYPES]["name"] | "unknown";

/** A constant of the file. The bytes are a view of the file, never a copy, and are read only when asked for. */
export interface OnnxTensor {
  name: string;
  type: DataType;
  dims: readonly number[];
  /** Little-endian elements; null when they stand elsewhere (external data, typed fields) or nowhere. */
  raw: Uint8Array | null;
  /** Values of a typed field, packed as the wire format has them; see `tensorValues`. */
  packed: { field: PackedField; bytes: Uint8Array } | null;
  /** Values of a typed field that came one by one. */
  loose: readonly number[] | null;
  /** File beside the model that holds the elements, when they are external. */
  externalFile: string | null;
}

export type PackedField = "float" | "int32" | "int64" | "double" | "uint64";

export type AttributeValue =
  | { kind: "int"; value: number }
  | { kind: "float"; value: number }
  | { kind: "string"; value: string }
  | { kind: "ints"; value: readonly number[] }
  | { kind: "floats"; value: readonly number[] }
  | { kind: "strings"; value: readonly string[] }
  | { kind: "tensor"; value: OnnxTensor }
  | { kind: "graph"; value: OnnxGraph }
  | { kind: "other" };

export interface OnnxNode {
  /** As in the file; nodes without a name get `<op>_<position>`. */
  name: string;
  op: string;
  /** Empty for the standard operators. */
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
}

/** A dimension: a number, a name (`batch`), or null when the file leaves it open. */
export type Dimension = number | string | null;

export interface ValueInfo {
  name: string;
  type: DataType;
  dims: readonly Dimension[] | null;
}

export interface OnnxGraph {
  name: string;
  /** In an order in which every value is made before it is used. */
  nodes: readonly OnnxNode[];
  initializers: ReadonlyMap<string, OnnxTensor>;
  /** Inputs that the caller feeds: initializers, which old files repeat here, are left out. */
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  values: ReadonlyMap<string, ValueInfo>;
}

export interface OnnxModel {
  irVersion: number;
  producer: string;
  /** Version of the standard operators. */
  opset: number;
  /** Versions by domain; the standard domain is the empty string. */
  opsets: ReadonlyMap<string, number>;
  graph: OnnxGraph;
}
