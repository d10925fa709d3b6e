import { LIMITS } from "./limits.ts";
import type {
  AttributeValue,
  Dimension,
  OnnxGraph,
  OnnxNode,
  OnnxTensor,
  ValueInfo,
} from "./model.ts";
import { checkedDims, dataType, readTensor } from "./read-tensor.ts";
import { sortNodes } from "./sort-nodes.ts";
import { appendFloats, appendIntegers, type Budget, readMessage, refuse } from "./wire.ts";

// Field numbers of GraphProto, NodeProto, AttributeProto and ValueInfoProto.
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const;
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = {
  name: 1,
  f: 2,
  i: 3,
  s: 4,
  t: 5,
  g: 6,
  floats: 7,
  ints: 8,
  strings: 9,
} as const;

/** Reads a graph and the graphs inside it; nodes come out in an order in which they could run. */
export function readGraph(bytes: Uint8Array, budget: Budget, depth = 0): OnnxGraph {
  if (depth > LIMITS.depth) throw refuse("a subgraph", `graphs nested deeper than ${LIMITS.depth}`);
  let name = "";
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const values = new Map<string, ValueInfo>();
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  readMessage(bytes, "the graph", (field, reader) => {
    if (field === GRAPH.name) name = reader.text();
    else if (field === GRAPH.node)
      nodes.push(readNode(reader.bytes(), nodes.length, budget, depth));
    else if (field === GRAPH.initializer) {
      const tensor = readTensor(reader.bytes(), "an initializer", budget);
      initializers.set(tensor.name, tensor);
    } else if (field === GRAPH.input) inputs.push(readValueInfo(reader.bytes(), budget));
    else if (field === GRAPH.output) outputs.push(readValueInfo(reader.bytes(), budget));
    else if (field === GRAPH.valueInfo) {
      const value = readValueInfo(reader.bytes(), budget);
      values.set(value.name, value);
    }
  });
  const fed = inputs.filter((input) => !initializers.has(input.name));
  return { name, nodes: sortNodes(nodes), initializers, inputs: fed, outputs, values };
}

function readNode(bytes: Uint8Array, position: number, budget: Budget, depth: number): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, AttributeValue> = {};
  let [name, op, domain] = ["", "", ""];
  const where = `node ${position}`;
  budget.node(where);
  const pending: Uint8Array[] = [];
  readMessage(bytes, where, (field, reader) => {
    if (field === NODE.input) inputs.push(reader.text());
    else if (field === NODE.output) outputs.push(reader.text());
    else if (field === NODE.name) name = reader.text();
    else if (field === NODE.op) op = reader.text();
    else if (field === NODE.domain) domain = reader.text();
    else if (field === NODE.attribute) pending.push(reader.bytes());
    if (inputs.length + outputs.length > LIMITS.nodeValues)
      throw refuse(where, `more than ${LIMITS.nodeValues} inputs and outputs`);
  });
  if (name === "") name = `${op}_${position}`;
  const named = `node ${JSON.stringify(name)} (${op})`;
  if (op === "") throw refuse(named, "a node without an operator");
  for (const attribute of pending) {
    const [key, value] = readAttribute(attribute, named, budget, depth);
    attributes[key] = value;
  }
  return { name, op, domain: domain === "ai.onnx" ? "" : domain, inputs, outputs, attributes };
}

function readAttribute(
  bytes: Uint8Array,
  where: string,
  budget: Budget,
  depth: number,
): [string, AttributeValue] {
  budget.entry(where);
  let name = "";
  let value: AttributeValue = { kind: "other" };
  const ints: number[] = [];
  const floats: number[] = [];
  const strings: string[] = [];
  readMessage(bytes, where, (field, reader) => {
    if (field === ATTRIBUTE.name) name = reader.text();
    else if (field === ATTRIBUTE.f) value = { kind: "float", value: reader.float() };
    else if (field === ATTRIBUTE.i) value = { kind: "int", value: reader.clampedInteger() };
    else if (field === ATTRIBUTE.s) value = { kind: "string", value: shortText(reader.bytes()) };
    else if (field === ATTRIBUTE.t) {
      value = { kind: "tensor", value: readTensor(reader.bytes(), where, budget) };
    } else if (field === ATTRIBUTE.g) {
      value = { kind: "graph", value: readGraph(reader.bytes(), budget, depth + 1) };
    } else if (field === ATTRIBUTE.floats) appendFloats(reader, where, floats);
    else if (field === ATTRIBUTE.ints) appendIntegers(reader, where, ints);
    else if (field === ATTRIBUTE.strings) strings.push(shortText(reader.bytes()));
  });
  if (ints.length > 0) value = { kind: "ints", value: ints };
  else if (floats.length > 0) value = { kind: "floats", value: floats };
  else if (strings.length > 0) value = { kind: "strings", value: strings };
  return [name, value];
}

/** Attribute strings are modes and equations; weights that somebody put there are not read. */
function shortText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, LIMITS.nameBytes));
}

function readValueInfo(bytes: Uint8Array, budget: Budget): ValueInfo {
  budget.entry("a value");
  let name = "";
  let type: Uint8Array | null = null;
  readMessage(bytes, "a value", (field, reader) => {
    if (field === 1) name = reader.text();
    else if (field === 2) type = reader.bytes();
  });
  return { name, ...readType(type, `value ${JSON.stringify(name)}`) };
}

/** TypeProto with a tensor type (1) of element type (1) and shape (2); sequences and maps stay open. */
function readType(bytes: Uint8Array | null, where: string): Omit<ValueInfo, "name"> {
  let type = dataType(0);
  let dims: Dimension[] | null = null;
  readMessage(bytes ?? new Uint8Array(), where, (field, reader) => {
    if (field !== 1) return;
    readMessage(reader.bytes(), where, (inner, tensor) => {
      if (inner === 1) type = dataType(tensor.integer());
      else if (inner === 2) dims = readShape(tensor.bytes(), where);
    });
  });
  return { type, dims };
}

function openAsNull(size: number): number | null {
  return size === -1 ? null : size;
}

function readShape(bytes: Uint8Array, where: string): Dimension[] {
  const dims: Dimension[] = [];
  readMessage(bytes, where, (field, reader) => {
    if (field !== 1) return;
    let dim: Dimension = null;
    readMessage(reader.bytes(), where, (inner, value) => {
      // Some exporters write an open dimension as -1.
      if (inner === 1) dim = openAsNull(value.integer());
      else if (inner === 2) dim = value.text();
    });
    dims.push(dim);
  });
  checkedDims(
    dims.filter((dim): dim is number => typeof dim === "number"),
    where,
  );
  return dims;
}
