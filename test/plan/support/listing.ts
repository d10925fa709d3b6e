import { placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import type { FusionRules } from "../../../fleet/plan/estimate/group.ts";
import { fuse } from "../../../fleet/plan/estimate/kernels.ts";
import { type Layer, OPERATORS } from "../../../fleet/plan/layers/index.ts";
import { layer, window } from "./layers.ts";

const DIMS = [1, 16, 32, 32];
const ELEMENTS = DIMS.reduce((all, dim) => all * dim, 1);
const OPERATIONS: Readonly<Record<string, string>> = { Add: "SUM", Mul: "PROD" };

/**
 * A piece of a network, a node a line: its name, what it reads (by the names of the nodes that make it, `:1` for a
 * second output), and after a `*` the window of a convolution that is not 1×1, as `3x3`, `3x3s2` or `depthwise`.
 * A node's operator is what its name begins with, or the last part of a path.
 */
export function piece(text: string): Layer[] {
  return text
    .trim()
    .split("\n")
    .map((line, index) => {
      const [names = "", kind = ""] = line.split("*").map((part) => part.trim());
      const [name = "", ...reads] = names.split(/\s+/);
      const op = /^[A-Za-z]+/.exec(name.split("/").pop() ?? "")?.[0] ?? "";
      const outputs = op === "Split" ? [name, `${name}:1`] : [name];
      return layer({
        index,
        name,
        op,
        kind: OPERATORS.get(op)?.kind ?? "other",
        inputs: reads.map((one) => ({ name: one, dims: DIMS })),
        outputs: outputs.map((one) => ({ name: one, dims: DIMS })),
        window: /^3x3/.test(kind) ? window(3, kind.endsWith("s2") ? 2 : 1, 1) : window(1),
        groups: kind === "depthwise" ? 16 : 1,
        ...(OPERATIONS[op] ? { operation: OPERATIONS[op] } : {}),
        ...(op === "Split" || op === "Concat" ? { axes: [1], axis: 1 } : {}),
      });
    });
}

/** What a listing says: the nodes of each launch, and how many copies there are. */
export interface Listing {
  launches: string[];
  copies: number;
}

/** Reads lines as TensorRT prints them: `Conv_12 || Conv_9`, `PWN(PWN(Sigmoid_4), Mul_5)`, `input.40 copy`. */
export function readListing(text: string, known: readonly Layer[]): Listing {
  const names = new Set(known.map(({ name }) => name));
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.trim());
  const copies = lines.filter((line) => line.endsWith(" copy"));
  const launches = lines
    .filter((line) => !line.endsWith(" copy"))
    .map((line) => line.split(/[\s(),+|]+/).filter((word) => names.has(word)));
  return { launches: launches.map(together).sort(), copies: copies.length };
}

/** The same of our own launches; concatenations are not launched, their copies are counted. */
export function ourListing(layers: readonly Layer[], rules: FusionRules): Listing {
  const kernels = fuse(placeOnGpu(layers), rules);
  const nameOf = (index: number): string => layers[index]?.name ?? "";
  const isJoin = (index: number | undefined): boolean =>
    layers[index ?? -1]?.kind === "concatenation";
  const joins = kernels.filter((kernel) => isJoin(kernel.layers[0]));
  const others = kernels.filter(
    ({ layers: [first], work }) =>
      !isJoin(first) && !(work === "free" && layers[first ?? -1]?.kind === "slice"),
  );
  return {
    launches: others.map((kernel) => together(kernel.layers.map(nameOf))).sort(),
    copies: joins.reduce((sum, { elements }) => sum + elements / (2 * ELEMENTS), 0),
  };
}

function together(names: readonly string[]): string {
  return names.toSorted().join(" ");
}
