import { isFleetError } from "../errors/index.ts";
import { type Layer, OPEN } from "./layers/index.ts";
import type { Dimension, ValueInfo } from "./onnx/index.ts";
import { type Dims, known, type LiveNode, type ShapedGraph } from "./shapes/index.ts";

/** What makes layers known whose cost nobody can say. */
export type RemedyOf = (layers: readonly Layer[]) => string | null;
export type Shapes = Readonly<Record<string, readonly number[]>>;
/** Works the model out with other dimensions of its inputs. */
export type Reshape = (shapes: Shapes) => ShapedGraph;

/** Sizes that open dimensions are tried with: of pictures, then of sequences. */
const PROBES = [640, 416, 224, 64, 32, 16, 1];

/** What makes the cost known, tried; null where nothing is known to help. */
export function unknownRemedy(shaped: ShapedGraph, reshape: Reshape): RemedyOf {
  const known = new Map<"shapes", string | null>();
  const ofShapes = (): string | null => {
    if (!known.has("shapes")) known.set("shapes", shapeRemedy(shaped, reshape));
    return known.get("shapes") ?? null;
  };
  return (layers) => {
    const isOpen = layers.some(({ unknown }) => unknown === OPEN);
    return (isOpen ? ofShapes() : null) ?? cutRemedy(layers, shaped);
  };
}

/** The first sizes of open inputs with which no dimension stays open. */
function shapeRemedy(shaped: ShapedGraph, reshape: Reshape): string | null {
  const inputs = shaped.graph.inputs.filter(({ name }) => !isKnown(shaped, name));
  if (inputs.length === 0) return null;
  for (const probe of PROBES) {
    const shapes = probed(inputs, shaped, probe);
    if (!shapes || !closes(shapes, reshape)) continue;
    const options = Object.entries(shapes).map(
      ([name, dims]) => `--shape ${name}=${dims.join("x")}`,
    );
    const names = inputs.map(({ name, dims }) => `${name} (${shown(dims)})`).join(", ");
    return `name the open dimensions of ${names}, such as ${options.join(" ")}`;
  }
  return null;
}

function shown(dims: readonly Dimension[] | null): string {
  return dims?.map((dim) => dim ?? "?").join("×") ?? "?";
}

function probed(inputs: readonly ValueInfo[], shaped: ShapedGraph, probe: number): Shapes | null {
  const entries = inputs.map(({ name }): [string, Dims | null] => [
    name,
    shaped.facts.get(name)?.dims ?? null,
  ]);
  // Of an input without a rank, there is nothing to try.
  if (entries.some(([, dims]) => dims === null)) return null;
  return Object.fromEntries(
    entries.map(([name, dims]) => [name, (dims ?? []).map((dim) => dim ?? probe)]),
  );
}

function closes(shapes: Shapes, reshape: Reshape): boolean {
  try {
    const tried = reshape(shapes);
    return tried.live.every(({ outputs }) =>
      outputs.every((name) => name === "" || isKnown(tried, name)),
    );
  } catch (error) {
    if (isFleetError(error, "MODEL_INVALID")) return false;
    throw error;
  }
}

function isKnown({ facts }: ShapedGraph, name: string): boolean {
  return known(facts.get(name)?.dims ?? null);
}

const PRODUCTS = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** To end the model before what depends on the data, where all that computes stands before it. */
function cutRemedy(layers: readonly Layer[], { live }: ShapedGraph): string | null {
  const named = new Set(layers.map(({ name }) => name));
  const first = live.find(({ name }) => named.has(name));
  if (!first || first.within !== undefined) return null;
  const after = downstream(live, first);
  const isTail = live.every((node) => !PRODUCTS.has(node.op) || !after.has(node));
  const isWhole = live.every((node) => !named.has(node.name) || after.has(node));
  return isTail && isWhole
    ? `export the model without ${first.name} (${first.op}) and what follows it, which a decoder does afterwards`
    : null;
}

/** A node and all that uses what it makes. */
function downstream(live: readonly LiveNode[], first: LiveNode): Set<LiveNode> {
  const made = new Set(first.outputs);
  const found = new Set([first]);
  for (const node of live) {
    if (!node.inputs.some((name) => made.has(name))) continue;
    found.add(node);
    for (const name of node.outputs) made.add(name);
  }
  return found;
}
