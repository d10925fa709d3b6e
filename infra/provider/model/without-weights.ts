import {
  type AttributeValue,
  LIMITS,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "../../../fleet/plan/onnx/index.ts";

/**
 * The model with copies of its small constants and without its weights, which are views that would keep the whole file
 * in memory. The planner works out no constant that is larger than what stays.
 */
export function withoutWeights(model: OnnxModel): OnnxModel {
  return { ...model, graph: graphWithout(model.graph) };
}

function graphWithout(graph: OnnxGraph): OnnxGraph {
  const initializers = [...graph.initializers].map(
    ([name, tensor]) => [name, lean(tensor)] as const,
  );
  return { ...graph, nodes: graph.nodes.map(nodeWithout), initializers: new Map(initializers) };
}

function nodeWithout(node: OnnxNode): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    name,
    attributeWithout(value),
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) as OnnxNode["attributes"] };
}

function attributeWithout(value: AttributeValue): AttributeValue {
  if (value.kind === "tensor") return { kind: "tensor", value: lean(value.value) };
  return value.kind === "graph" ? { kind: "graph", value: graphWithout(value.value) } : value;
}

function lean(tensor: OnnxTensor): OnnxTensor {
  const elements = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (elements > LIMITS.foldedElements) return { ...tensor, raw: null, packed: null, loose: null };
  const { raw, packed } = tensor;
  return {
    ...tensor,
    raw: raw && new Uint8Array(raw),
    packed: packed && { ...packed, bytes: new Uint8Array(packed.bytes) },
  };
}
