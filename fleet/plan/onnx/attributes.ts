import type { OnnxGraph, OnnxNode, OnnxTensor } from "./model.ts";

/** An attribute of a node by name, or what the standard says it is when absent. */
export function int(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "int" ? attribute.value : otherwise;
}

export function ints(node: OnnxNode, name: string): readonly number[] | null {
  const attribute = node.attributes[name];
  return attribute?.kind === "ints" ? attribute.value : null;
}

export function float(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "float" ? attribute.value : otherwise;
}

export function floats(node: OnnxNode, name: string): readonly number[] | null {
  const attribute = node.attributes[name];
  return attribute?.kind === "floats" ? attribute.value : null;
}

export function text(node: OnnxNode, name: string, otherwise: string): string {
  const attribute = node.attributes[name];
  return attribute?.kind === "string" ? attribute.value : otherwise;
}

export function tensor(node: OnnxNode, name: string): OnnxTensor | null {
  const attribute = node.attributes[name];
  return attribute?.kind === "tensor" ? attribute.value : null;
}

export function graphOf(node: OnnxNode, name: string): OnnxGraph | null {
  const attribute = node.attributes[name];
  return attribute?.kind === "graph" ? attribute.value : null;
}
