import type { OnnxNode } from "../onnx/index.ts";

/** Where a node stands in the control flow around it. */
export interface Place {
  /** How often it runs in one inference. Absent is once. */
  rounds?: number;
  /** Node of control flow that it stands in and that TensorRT keeps; a branch that is always taken is none. */
  within?: string;
  /** Branches that must be taken for it to run, where only the data decide. */
  branches?: readonly TakenBranch[];
  /** Why nobody can say how much it works. */
  unknown?: string;
}

export interface TakenBranch {
  /** Name of the If. */
  node: string;
  taken: "then" | "else";
}

/** A node that runs on every inference. Inside control flow, its values have names that no other graph uses. */
export type LiveNode = OnnxNode & Place;

/** Nodes that stand in place of another, with its outputs under its names; what is only passed on is an Identity. */
export function withOutputs(
  nodes: readonly LiveNode[],
  given: readonly string[],
  { name, outputs }: LiveNode,
): LiveNode[] {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const links: LiveNode[] = [];
  given.forEach((from, at) => {
    const to = outputs[at] ?? "";
    if (to === "") return;
    if (made.has(from) && !renamed.has(from)) renamed.set(from, to);
    else {
      const inputs = [renamed.get(from) ?? from];
      links.push({ name, op: "Identity", domain: "", inputs, outputs: [to], attributes: {} });
    }
  });
  const all = (list: readonly string[]): string[] => list.map((one) => renamed.get(one) ?? one);
  return [
    ...nodes.map((node) => ({ ...node, inputs: all(node.inputs), outputs: all(node.outputs) })),
    ...links,
  ];
}
