import type { OnnxGraph, OnnxNode } from "../onnx/index.ts";
import type { Fact, NodeContext } from "./fact.ts";
import type { LiveNode, Place } from "./live-node.ts";

/** Where names of values are looked up: in the graph itself, then in the graphs around it. */
export interface Scope {
  facts: Map<string, Fact>;
  /** Facts of the whole model, in which values of inner graphs have a prefix. */
  all: Map<string, Fact>;
  outer: (name: string) => Fact | undefined;
  /** The name in the whole model of a value that a graph around this one makes. */
  outerName: (name: string) => string;
  opset: number;
  /** Before names of values, and before names of nodes. */
  prefix: string;
  path: string;
  place: Place;
  unknownOps: Set<string>;
  decided: OnnxNode[];
  /** What may still be worked out: elements of constants, and nodes of bodies. */
  budget: { elements: number; nodes: number };
}

/** The name in the whole model of a value as a graph calls it. */
export function nameIn(name: string, { facts, prefix, outerName }: Scope): string {
  if (name === "") return "";
  return facts.has(name) ? `${prefix}${name}` : outerName(name);
}

/** A node with the names that it and its values have in the whole model. */
export function wholly(node: OnnxNode, scope: Scope): LiveNode {
  const { prefix, path, place } = scope;
  if (prefix === "") return node;
  const outputs = node.outputs.map((name) => (name === "" ? "" : `${prefix}${name}`));
  const inputs = node.inputs.map((name) => nameIn(name, scope));
  return { ...node, ...place, name: `${path}${node.name}`, inputs, outputs };
}

export interface BodyQuestion {
  graph: OnnxGraph;
  /** Which of the node's graphs: it stands in the names of what is inside. */
  part: string;
  inputs?: readonly Fact[];
  place?: Place;
}

/** What a graph inside a node gives. */
export interface Body {
  nodes: LiveNode[];
  /** Its outputs: their facts, and their names in the whole model. */
  facts: readonly Fact[];
  names: readonly string[];
}

/** Works out a graph inside the node; null when too much was worked out already to look at another one. */
export type Inside = (question: BodyQuestion) => Body | null;

/** Facts of a node's outputs, and what runs in its place. */
export interface ControlFlow {
  outputs: Fact[];
  inPlace: LiveNode[];
  /** Whether nothing of the node itself is left. */
  decided?: boolean;
}

export type ControlInference = (context: NodeContext, scope: Scope, inside: Inside) => ControlFlow;
