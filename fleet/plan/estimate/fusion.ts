import type { PlacedGraph } from "../dla/index.ts";
import type { Layer } from "../layers/index.ts";
import { takeFunctions } from "./conv-functions.ts";
import { type FusionRules, type Group, hasSum, isPointwise, MATRIX, type Wiring } from "./group.ts";
import { mergeSiblings } from "./siblings.ts";

// What is fused was read from public lists of the layers of engines built on Jetsons, which
// test/plan/estimate/engine-listings.test.ts names and checks.

/** Layers that the builder runs in one launch, as it fuses them: downwards first, then side by side. */
export function groupLayers(placed: PlacedGraph, wiring: Wiring, rules: FusionRules): Group[] {
  const groups = fuseDownwards(placed, wiring);
  // The DLA compiler has rules of its own, of which nothing is known.
  const onGpu = ([first]: Group): boolean => placed.placements[first?.index ?? 0]?.device === "gpu";
  const merged = mergeSiblings(groups.filter(onGpu));
  const taken = takeFunctions(merged, wiring, rules);
  return [...taken, ...groups.filter((group) => !onGpu(group))];
}

function fuseDownwards({ layers, placements }: PlacedGraph, wiring: Wiring): Group[] {
  const groupOf = new Map<number, Group>();
  const groups: Group[] = [];
  for (const layer of layers) {
    const host = hostOf(layer, wiring, groupOf);
    const same = host !== null && placements[host]?.device === placements[layer.index]?.device;
    const open = same ? groupOf.get(host) : undefined;
    if (open !== undefined && accepts(open, layer)) {
      open.push(layer);
      groupOf.set(layer.index, open);
    } else {
      const own = [layer];
      groupOf.set(layer.index, own);
      groups.push(own);
    }
  }
  return groups;
}

/** The layer into whose launch another can go: the latest one that feeds it and only it. */
function hostOf(
  layer: Layer,
  { makers, users }: Wiring,
  groupOf: ReadonlyMap<number, Group>,
): number | null {
  if (!isPointwise(layer) && layer.kind !== "shuffle") return null;
  const feeding = layer.inputs.flatMap(({ name }) => {
    const maker = makers.get(name);
    return maker === undefined ? [] : [{ maker, readers: users.get(name) ?? [] }];
  });
  // SiLU: the product's other operand is the very tensor that the sigmoid read.
  const fusable = feeding.filter(({ maker, readers }) => {
    const group = groupOf.get(maker);
    return readers.every((user) => user === layer.index || groupOf.get(user) === group);
  });
  return fusable.reduce<number | null>(
    (latest, { maker }) => (latest === null || maker > latest ? maker : latest),
    null,
  );
}

const EPILOGUES = new Set(["Relu", "Clip"]);

/**
 * A convolution takes folded scales, one sum and a clipping activation with it; other functions are a launch of
 * their own, in which pointwise layers in a row are one. So are shuffles in a row.
 */
function accepts(group: Group, layer: Layer): boolean {
  const [first] = group;
  if (!first || layer.outputs.length !== 1) return false;
  if (layer.kind === "shuffle") return first.kind === "shuffle";
  if (isPointwise(first)) return true;
  if (!MATRIX.has(first.kind)) return false;
  if (layer.kind === "scale")
    return group.every(({ kind }) => MATRIX.has(kind) || kind === "scale");
  if (layer.kind === "elementwise") return layer.operation === "SUM" && !hasSum(group);
  return layer.kind === "activation" && EPILOGUES.has(layer.op);
}
