import { type Dims, type Fact, type Inference, NOTHING, valuesOf } from "./fact.ts";

/** The branch that a constant condition takes; else what both branches agree on. */
const either: Inference = (context) => {
  const { node, inside } = context;
  const [yes, no] = [node.attributes["then_branch"], node.attributes["else_branch"]];
  if (!inside || yes?.kind !== "graph" || no?.kind !== "graph") return [];
  const [condition] = valuesOf(context, 0) ?? [];
  if (condition !== undefined) return inside(condition ? yes.value : no.value);
  const others = inside(no.value);
  return inside(yes.value).map((fact, at) => common(fact, others[at] ?? NOTHING));
};

function common(a: Fact, b: Fact): Fact {
  const same = a.dims !== null && b.dims !== null && a.dims.length === b.dims.length;
  const dims: Dims | null = same
    ? (a.dims ?? []).map((dim, at) => (dim === b.dims?.[at] ? dim : null))
    : null;
  return { type: a.type === b.type ? a.type : "unknown", dims, constant: false, values: null };
}

/** What a loop gives has a shape that depends on its rounds: only what the file says of it is known. */
const rounds: Inference = ({ node }) => node.outputs.map(() => NOTHING);

export const CONTROL_FLOW: Readonly<Record<string, Inference>> = {
  If: either,
  Loop: rounds,
  Scan: rounds,
};
