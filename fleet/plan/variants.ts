import type { Layer } from "./layers/index.ts";

/** The layers of one inference, for one choice of every branch that the data decide. */
export interface Variant {
  /** Numbered anew, since a layer's index is its place. */
  layers: Layer[];
  /** Places by the index that the layers have where all branches stand. */
  places: ReadonlyMap<number, number>;
}

/** The least and the most that one inference may have to do; one of them where no branch is open. */
export function variantsOf(layers: readonly Layer[]): Variant[] {
  const work = branchWork(layers);
  if (work.size === 0) return [keep(layers, () => true)];
  const chosen = (better: (a: number, b: number) => boolean) => (layer: Layer) =>
    (layer.branches ?? []).every(({ node, taken }) => {
      const { then = 0, else: other = 0 } = work.get(node) ?? {};
      return taken === (better(then, other) ? "then" : "else");
    });
  return [
    keep(
      layers,
      chosen((a, b) => a <= b),
    ),
    keep(
      layers,
      chosen((a, b) => a > b),
    ),
  ];
}

/** Operations and elements of each branch, with all that stands inside it. */
function branchWork(
  layers: readonly Layer[],
): Map<string, Partial<Record<"then" | "else", number>>> {
  const work = new Map<string, Partial<Record<"then" | "else", number>>>();
  for (const layer of layers) {
    for (const { node, taken } of layer.branches ?? []) {
      const known = work.get(node) ?? {};
      work.set(node, { ...known, [taken]: (known[taken] ?? 0) + workOf(layer) });
    }
  }
  return work;
}

function workOf({ flops, outputs, rounds = 1 }: Layer): number {
  const elements = outputs.reduce(
    (sum, { dims }) => sum + dims.reduce((all, dim) => all * Math.max(1, dim), 1),
    0,
  );
  return flops + rounds * elements;
}

function keep(layers: readonly Layer[], stays: (layer: Layer) => boolean): Variant {
  const kept = layers.filter(stays);
  return {
    layers: kept.map((layer, index) => (layer.index === index ? layer : { ...layer, index })),
    places: new Map(kept.map((layer, index) => [layer.index, index])),
  };
}
