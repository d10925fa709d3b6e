import { append } from "../lists.ts";
import type { AttributeValue, OnnxGraph, OnnxNode } from "./model.ts";
import { refuse } from "./wire.ts";

/** Nodes in an order in which every value is made before it is used. Refuses rings and values made twice. */
export function sortNodes(nodes: readonly OnnxNode[]): OnnxNode[] {
  const makers = makersOf(nodes);
  const needs = nodes.map((node) => neededBy(node).map((name) => makers.get(name)));
  const waiting = needs.map((list) => list.filter((maker) => maker !== undefined).length);
  const users = new Map<number, number[]>();
  needs.forEach((list, user) => {
    for (const maker of list) {
      if (maker !== undefined) append(users, maker, user);
    }
  });
  // Nodes already come sorted in any file of an exporter; taking ready ones by position keeps that order.
  const ready = waiting.flatMap((count, at) => (count === 0 ? [at] : []));
  const sorted: OnnxNode[] = [];
  for (let next = 0; next < ready.length; next++) {
    const at = ready[next] ?? 0;
    const node = nodes[at];
    if (node) sorted.push(node);
    for (const user of users.get(at) ?? []) {
      waiting[user] = (waiting[user] ?? 0) - 1;
      if (waiting[user] === 0) ready.push(user);
    }
  }
  if (sorted.length < nodes.length) {
    const stuck = nodes.find((_, at) => (waiting[at] ?? 0) > 0);
    throw refuse(
      `node ${JSON.stringify(stuck?.name ?? "")}`,
      "the graph has a ring through this node",
    );
  }
  return alreadySorted(nodes, makers) ? [...nodes] : sorted;
}

function makersOf(nodes: readonly OnnxNode[]): Map<string, number> {
  const makers = new Map<string, number>();
  nodes.forEach((node, at) => {
    for (const output of node.outputs) {
      if (output === "") continue;
      if (makers.has(output)) {
        const where = `node ${JSON.stringify(node.name)}`;
        throw refuse(where, `the value ${JSON.stringify(output)} is made twice`);
      }
      makers.set(output, at);
    }
  });
  return makers;
}

function alreadySorted(nodes: readonly OnnxNode[], makers: ReadonlyMap<string, number>): boolean {
  return nodes.every((node, at) => neededBy(node).every((name) => (makers.get(name) ?? -1) < at));
}

/** Values a node reads, with those that the graphs inside it read from around them. */
function neededBy(node: OnnxNode): string[] {
  const inner = Object.values(node.attributes).flatMap((value) => outerNames(value));
  return [...node.inputs, ...inner].filter((name) => name !== "");
}

function outerNames(value: AttributeValue): string[] {
  return value.kind === "graph" ? freeNames(value.value) : [];
}

function freeNames(graph: OnnxGraph): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  return graph.nodes.flatMap(neededBy).filter((name) => !own.has(name));
}
