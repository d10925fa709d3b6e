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
import { folded } from "./fold.ts";
import { INDEXING } from "./indexing.ts";
import { LAYOUT } from "./layout.ts";
import type { LiveNode } from "./live-node.ts";
import { OTHER } from "./other.ts";
import { REDUCTION } from "./reduction.ts";
import { RESIZE } from "./resize.ts";
import {
  type Body,
  type BodyQuestion,
  type ControlFlow,
  nameIn,
  type Scope,
  wholly,
} from "./scope.ts";
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
  /**
   * Nodes that run on every inference: those that depend on an input of the model. In place of control flow stands
   * what runs inside it.
   */
  live: readonly LiveNode[];
  /** Branchings that constants decided: nothing of them is left, and yet a runtime must know them. */
  decided: readonly OnnxNode[];
  /** Operators whose shapes nobody can tell, once each. */
  unknownOps: readonly string[];
}

/** Works out the shape of every value of a model, and which nodes are constant. */
export function inferShapes(model: OnnxModel, options: ShapeOptions = {}): ShapedGraph {
  const { graph, opset } = model;
  const facts = new Map<string, Fact>();
  const scope: Scope = {
    ...{ facts, all: facts, opset, prefix: "", path: "", place: {} },
    ...{ outer: () => undefined, outerName: (name) => name },
    ...{ unknownOps: new Set(), decided: [] },
    budget: { elements: LIMITS.foldedTotal, nodes: LIMITS.bodyNodes },
  };
  for (const input of graph.inputs) facts.set(input.name, inputFact(input, options));
  const live = inferGraph(graph, scope);
  const { decided, unknownOps } = scope;
  return { graph, opset, facts, live, decided, unknownOps: [...unknownOps] };
}

/** Adds the facts of every value of a graph to the scope; gives the nodes that are not constant. */
function inferGraph(graph: OnnxGraph, scope: Scope): LiveNode[] {
  for (const tensor of graph.initializers.values()) note(tensor.name, tensorFact(tensor), scope);
  const live: LiveNode[] = [];
  for (const node of graph.nodes) {
    const { outputs, inPlace, decided } = inferNode(node, scope);
    if (outputs === null) scope.unknownOps.add(opName(node));
    node.outputs.forEach((name, at) => {
      const fact = withHint(outputs?.[at] ?? NOTHING, graph.values.get(name));
      if (name !== "") note(name, checked(node, fact), scope);
      scope.budget.elements -= outputs?.[at]?.values?.length ?? 0;
    });
    const isConstant = node.outputs.every((one) => one === "" || scope.facts.get(one)?.constant);
    if (isConstant) continue;
    if (decided) scope.decided.push(node);
    for (const one of inPlace ?? [wholly(node, scope)]) live.push(one);
  }
  return live;
}

function note(name: string, fact: Fact, { facts, all, prefix }: Scope): void {
  facts.set(name, fact);
  if (prefix !== "") all.set(`${prefix}${name}`, fact);
}

/** The name of an operator with its domain, as errors and reports show it. */
export function opName({ op, domain }: Pick<OnnxNode, "op" | "domain">): string {
  return domain === "" ? op : `${domain}.${op}`;
}

/** Facts of a node's outputs, null where nobody knows them, and what stands in place of control flow. */
function inferNode(
  node: OnnxNode,
  scope: Scope,
): Omit<Partial<ControlFlow>, "outputs"> & { outputs: Fact[] | null } {
  const look = (name: string): Fact | undefined => scope.facts.get(name) ?? scope.outer(name);
  const inputs = node.inputs.map((name) =>
    name === "" ? null : affordable(look(name) ?? NOTHING, scope),
  );
  const context = { node, inputs, opset: scope.opset };
  const control = node.domain === "" ? CONTROL_FLOW[node.op] : undefined;
  if (control) return control(context, scope, (body) => inferBody(body, node, scope));
  const outputs = INFERENCES.get(node.op)?.(context) ?? null;
  return { outputs: outputs && folded(context, outputs, scope.budget) };
}

/** Works out a graph inside a node; null when too much was worked out already to look at another one. */
function inferBody(
  { graph, part, inputs = [], place = {} }: BodyQuestion,
  node: OnnxNode,
  scope: Scope,
): Body | null {
  scope.budget.nodes -= graph.nodes.length + 1;
  if (scope.budget.nodes < 0) return null;
  const value = node.outputs.find((name) => name !== "") ?? node.name;
  const inner: Scope = {
    ...scope,
    facts: new Map(),
    prefix: `${scope.prefix}${value}/${part}/`,
    path: `${scope.path}${node.name}/${part}/`,
    place: { ...scope.place, ...place },
    outer: (name) => scope.facts.get(name) ?? scope.outer(name),
    outerName: (name) => nameIn(name, scope),
  };
  graph.inputs.forEach(({ name, type }, at) => {
    note(name, inputs[at] ?? { ...NOTHING, type }, inner);
  });
  const nodes = inferGraph(graph, inner);
  const facts = graph.outputs.map(
    ({ name }) => inner.facts.get(name) ?? inner.outer(name) ?? NOTHING,
  );
  return { nodes, facts, names: graph.outputs.map(({ name }) => nameIn(name, inner)) };
}

/** When enough was worked out, large values are no longer looked at: only shapes are. */
function affordable(fact: Fact, { budget }: Scope): Fact {
  const small = known(fact.dims) && product(fact.dims) <= LIMITS.foldedShape;
  return budget.elements > 0 || small ? fact : { ...fact, values: null };
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
