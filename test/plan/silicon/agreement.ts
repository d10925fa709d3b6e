import type { Kernel } from "../../../fleet/plan/estimate/kernels.ts";
import type { Layer } from "../../../fleet/plan/layers/index.ts";
import type { EngineReport } from "./engine-report.ts";

/** How far our launches are those of an engine, over pairs of layers of which one reads what the other makes. */
export interface Agreement {
  /** Pairs that both fuse, that only the engine fuses, and that only we fuse. */
  both: number;
  onlyEngine: [string, string][];
  onlyOurs: [string, string][];
  /** Launches with work: of the engine those that hold a node. */
  engineLaunches: number;
  ourLaunches: number;
  /** Spearman's correlation of the milliseconds of our launches and of the engine's layers that hold the same nodes. */
  rankCorrelation: number;
}

export function agreementOf(
  layers: readonly Layer[],
  kernels: readonly Kernel[],
  msOf: (kernel: Kernel) => number,
  engine: Pick<EngineReport, "layers">,
): Agreement {
  const ours = indexOf(kernels.map((kernel) => kernel.layers.map((at) => layers[at]?.name ?? "")));
  const theirs = indexOf(engine.layers.map(({ nodes }) => nodes));
  const pairs = adjacent(layers).filter(([a, b]) => theirs.has(a) && theirs.has(b));
  const fused = (where: ReadonlyMap<string, number>, [a, b]: readonly [string, string]): boolean =>
    where.get(a) === where.get(b);
  return {
    both: pairs.filter((pair) => fused(theirs, pair) && fused(ours, pair)).length,
    onlyEngine: pairs.filter((pair) => fused(theirs, pair) && !fused(ours, pair)),
    onlyOurs: pairs.filter((pair) => !fused(theirs, pair) && fused(ours, pair)),
    engineLaunches: engine.layers.filter(({ nodes }) => nodes.length > 0).length,
    ourLaunches: kernels.filter(({ work }) => work !== "free").length,
    rankCorrelation: spearman(timesOf(layers, kernels, msOf, engine, theirs)),
  };
}

/** Which launch holds a node; one that several hold belongs to the first. */
function indexOf(launches: readonly (readonly string[])[]): Map<string, number> {
  const found = new Map<string, number>();
  launches.forEach((nodes, at) => {
    for (const node of nodes) if (!found.has(node)) found.set(node, at);
  });
  return found;
}

function adjacent(layers: readonly Layer[]): [string, string][] {
  const makers = new Map(
    layers.flatMap(({ name, outputs }) => outputs.map((output) => [output.name, name] as const)),
  );
  return layers.flatMap(({ name, inputs }) =>
    inputs.flatMap((input): [string, string][] => {
      const maker = makers.get(input.name);
      return maker === undefined ? [] : [[maker, name]];
    }),
  );
}

/** Our and the engine's milliseconds, an engine's layer a row; ours go to the layer that holds their first node. */
function timesOf(
  layers: readonly Layer[],
  kernels: readonly Kernel[],
  msOf: (kernel: Kernel) => number,
  engine: Pick<EngineReport, "layers">,
  theirs: ReadonlyMap<string, number>,
): [number, number][] {
  const sums = new Map<number, number>();
  for (const kernel of kernels) {
    const at = theirs.get(layers[kernel.layers[0] ?? -1]?.name ?? "");
    if (at !== undefined) sums.set(at, (sums.get(at) ?? 0) + msOf(kernel));
  }
  return [...sums].flatMap(([at, ms]): [number, number][] => {
    const measured = engine.layers[at]?.ms;
    return typeof measured === "number" ? [[ms, measured]] : [];
  });
}

/** Correlation of ranks; ties share their mean rank. */
export function spearman(pairs: readonly (readonly [number, number])[]): number {
  const left = ranks(pairs.map(([a]) => a));
  const right = ranks(pairs.map(([, b]) => b));
  const mean = (pairs.length - 1) / 2;
  const sum = (of: (at: number) => number): number => pairs.reduce((all, _, at) => all + of(at), 0);
  const l = (at: number): number => (left[at] ?? 0) - mean;
  const r = (at: number): number => (right[at] ?? 0) - mean;
  return sum((at) => l(at) * r(at)) / Math.sqrt(sum((at) => l(at) ** 2) * sum((at) => r(at) ** 2));
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const same = values.filter((other) => other === value).length;
    return below + (same - 1) / 2;
  });
}
