import type { ShapedGraph } from "./shapes/index.ts";

/** Pictures of one inference: the leading dimension that all image inputs, N×C×H×W, have in common. */
export function batchOf({ facts, graph }: ShapedGraph): number {
  const leading = graph.inputs
    .map(({ name }) => facts.get(name)?.dims ?? [])
    .filter((dims) => dims.length === 4)
    .map(([first]) => first ?? 1);
  const [batch = 1] = leading;
  return batch > 0 && leading.every((one) => one === batch) ? batch : 1;
}
