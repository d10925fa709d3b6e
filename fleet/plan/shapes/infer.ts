import {
  checkedDims,
  LIMITS,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  tensorValues,
  type ValueInfo,
} from "../onnx/index.ts";
import { CONTROL_FLOW } from "./control-flow.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { type Dim, type Dims, type Fact, type Inference, known, NOTHING, product } from "./fact.ts";
import { INDEXING } from "./indexing.ts";
import { LAYOUT } from "./layout.ts";
import { OTHER } from "./other.ts";
import { REDUCTION } from "./reduction.ts";
import { RESIZE } from "./resize.ts";
import { WINDOWS } from "./window.ts";

/** Every operator whose output shapes can be worked out. */
const INFERENCES = new Map<string, Inference>(
  Object.entries({
    ...ELEMENTWISE,
    ...WINDOWS,
    ...LAYOUT,
    ...REDUCTION,
    ...RESIZE,
    ...INDEXING,
    ...CONTROL_FLOW,
    ...OTHER,
  }),
);

export interface ShapeOptions {
  /** Size of a first dimension that the file leaves open; 1 when not said. */
  batch?: number;
  /** Dimensions of inputs by name, in place of what the file says. */
  shapes?: Readonly<Record<string, readonly number[]>>;
}

export interface ShapedGraph {
  graph: OnnxGraph;
  opset: number;
  /** Facts of every value by its name. */
  facts: ReadonlyMap<string, Fact>;
  /** Nodes that run on every inference: those that depend on an input of the model. */
  live: readonly OnnxNode[];
  /** Operators whose shapes nobody can tell, once each. */
  unknownOps: readonly string[];
}

/** Works out the shape of every value of a model, and which nodes are constant. */
export function inferShapes(model: OnnxModel, options: ShapeOptions = {}): ShapedGraph {
  const { graph, opset } = model;
  const facts = new Map<string, Fact>();
  const folding = { left: LIMITS.foldedTotal };
  const scope: Scope = { facts, opset, unknownOps: new Set(), folding, outer: () => undefined };
  for (const input of graph.inputs) facts.set(input.name, inputFact(input, options));
  const live = inferGraph(graph, scope);
  return { graph, opset, facts, live, unknownOps: [...scope.unknownOps] };
}

/** Where names of values are looked up: in the graph itself, then in the graphs around it. */
interface Scope {
  facts: Map<string, Fact>;
  outer: (name: string) => Fact | undefined;
  opset: number;
  unknownOps: Set<string>;
  /** Elements that may still be worked out; a file of doublings would take all memory. */
  folding: { left: number };
}

/** Adds the facts of every value of a graph to the scope; gives the nodes that are not constant. */
function inferGraph(graph: OnnxGraph, scope: Scope): OnnxNode[] {
  const { facts } = scope;
  for (const tensor of graph.initializers.values()) facts.set(tensor.name, tensorFact(tensor));
  const live: OnnxNode[] = [];
  for (const node of graph.nodes) {
    const outputs = inferNode(node, scope);
    if (outputs === null) scope.unknownOps.add(opName(node));
    node.outputs.forEach((name, at) => {
      const fact = withHint(outputs?.[at] ?? NOTHING, graph.values.get(name));
      if (name !== "") facts.set(name, checked(node, fact));
      scope.folding.left -= outputs?.[at]?.values?.length ?? 0;
    });
    if (!node.outputs.every((name) => name === "" || facts.get(name)?.constant)) live.push(node);
  }
  return live;
}

/** The name of an operator with its domain, as errors and reports show it. */
export function opName({ op, domain }: Pick<OnnxNode, "op" | "domain">): string {
  return domain === "" ? op : `${domain}.${op}`;
}

function inferNode(node: OnnxNode, scope: Scope): Fact[] | null {
  const inference = INFERENCES.get(node.op);
  const look = (name: string): Fact | undefined => scope.facts.get(name) ?? scope.outer(name);
  const inputs = node.inputs.map((name) =>
    name === "" ? null : affordable(look(name) ?? NOTHING, scope),
  );
  const inside = (graph: OnnxGraph): Fact[] => {
    const inner: Scope = { ...scope, facts: new Map(), outer: look };
    inferGraph(graph, inner);
    return graph.outputs.map(({ name }) => inner.facts.get(name) ?? look(name) ?? NOTHING);
  };
  return inference ? inference({ node, inputs, opset: scope.opset, inside }) : null;
}

/** When enough was worked out, large values are no longer looked at: only shapes are. */
function affordable(fact: Fact, { folding }: Scope): Fact {
  const small = known(fact.dims) && product(fact.dims) <= LIMITS.foldedShape;
  return folding.left > 0 || small ? fact : { ...fact, values: null };
}

/** Elements are decoded when an operator asks for them: of weights nobody does. */
function tensorFact(tensor: OnnxTensor): Fact {
  let values: readonly number[] | null | undefined;
  return {
    type: tensor.type,
    dims: tensor.dims,
    constant: true,
    get values() {
      values ??= tensorValues(tensor);
      return values;
    },
  };
}

function inputFact(input: ValueInfo, { batch = 1, shapes = {} }: ShapeOptions): Fact {
  const said = shapes[input.name];
  const dims =
    said ??
    input.dims?.map(
      (dim, at): Dim => (typeof dim === "number" && dim > 0 ? dim : at === 0 ? batch : null),
    );
  const sized = dims && !said && batch > 1 && dims[0] === 1 ? [batch, ...dims.slice(1)] : dims;
  return { type: input.type, dims: sized ?? null, constant: false, values: null };
}

/** What the exporter wrote about a value fills what could not be worked out. */
function withHint(fact: Fact, hint: ValueInfo | undefined): Fact {
  if (!hint?.dims || (fact.dims && known(fact.dims))) return fact;
  const said = hint.dims.map((dim): Dim => (typeof dim === "number" ? dim : null));
  const dims: Dims =
    fact.dims?.length === said.length ? fact.dims.map((dim, at) => dim ?? said[at] ?? null) : said;
  return { ...fact, type: fact.type === "unknown" ? hint.type : fact.type, dims };
}

/** A shape that came out negative or absurd means that the file contradicts itself. */
function checked(node: OnnxNode, fact: Fact): Fact {
  const where = `node ${JSON.stringify(node.name)} (${opName(node)})`;
  if (fact.dims)
    checkedDims(
      fact.dims.filter((dim): dim is number => dim !== null),
      where,
    );
  return fact;
}
