import { graphOf, int, ints, type OnnxNode } from "../onnx/index.ts";
import { type Dims, type Fact, fromFront, NOTHING, type NodeContext } from "./fact.ts";
import {
  type Body,
  type ControlFlow,
  type ControlInference,
  type Inside,
  type Scope,
  wholly,
} from "./scope.ts";

const OPEN_ROUNDS = "how many rounds its loop takes is only known when it runs";

/** Rounds of a Loop: its first input, while its condition is known to stay true; null where the data decide. */
const loop: ControlInference = (context, scope, inside) => {
  const [most = null, condition = null, ...initial] = context.inputs;
  const [count = null] = most?.values ?? [];
  const begins = condition === null || condition.values?.[0] === 1;
  const never = count === 0 || condition?.values?.[0] === 0;
  const goesOn: Fact = { type: "bool", dims: [], constant: begins, values: begins ? [1] : null };
  const counter: Fact = { type: "int64", dims: [], constant: false, values: null };
  const carried = initial.map((fact) => fact ?? NOTHING);
  const settled = settle(context, scope, inside, { before: [counter, goesOn], carried, after: [] });
  if (!settled) return notLookedAt(context.node, scope);
  const [condOut, ...facts] = settled.facts;
  const stays = begins && condOut?.values?.[0] === 1;
  const rounds = never ? 0 : stays ? count : null;
  const outputs = facts.map((fact, at): Fact => {
    if (at < carried.length) return moving(fact);
    return { ...moving(fact), dims: fact.dims && [rounds, ...fact.dims] };
  });
  return repeated(context, scope, { ...settled, facts: outputs }, rounds);
};

/** One round for each slice of the inputs that a Scan goes over. */
const scan: ControlInference = (context, scope, inside) => {
  const { node, inputs, opset } = context;
  const scanned = int(node, "num_scan_inputs", 0);
  // Before operator set 9, a batch and the lengths of its sequences stood in front.
  if (opset < 9 || scanned < 1 || scanned > inputs.length) return notLookedAt(node, scope);
  const all = inputs.map((fact) => fact ?? NOTHING);
  const carried = all.slice(0, all.length - scanned);
  const over = all.slice(all.length - scanned);
  const axisOf = (at: number, rank: number, name: string): number =>
    fromFront(ints(node, name)?.[at] ?? 0, rank);
  const inputAxis = ({ dims }: Fact, at: number): number =>
    axisOf(at, dims?.length ?? 1, "scan_input_axes");
  const lengths = over.map((fact, at) => fact.dims?.[inputAxis(fact, at)] ?? null);
  const rounds = lengths.find((length) => length !== null) ?? null;
  const after = over.map((fact, at): Fact => {
    const dims = fact.dims?.filter((_, one) => one !== inputAxis(fact, at)) ?? null;
    return { ...moving(fact), dims };
  });
  const settled = settle(context, scope, inside, { before: [], carried, after });
  if (!settled) return notLookedAt(node, scope);
  const outputs = settled.facts.map((fact, at): Fact => {
    if (at < carried.length || !fact.dims) return moving(fact);
    const axis = axisOf(at - carried.length, fact.dims.length + 1, "scan_output_axes");
    return {
      ...moving(fact),
      dims: [...fact.dims.slice(0, axis), rounds, ...fact.dims.slice(axis)],
    };
  });
  return repeated(context, scope, { ...settled, facts: outputs }, rounds);
};

/** Looks at carried values, in which only what really changes from round to round is open then. */
const LOOKS = 2;

interface BodyInputs {
  before: readonly Fact[];
  /** First facts of the values that a round hands to the next; they stand as far behind among the outputs. */
  carried: readonly Fact[];
  after: readonly Fact[];
}

/** A body whose carried values keep their shapes from round to round, as far as they do; null when not looked at. */
function settle(
  { node }: NodeContext,
  scope: Scope,
  inside: Inside,
  { before, carried, after }: BodyInputs,
): Body | null {
  const graph = graphOf(node, "body");
  if (!graph) return null;
  // A Loop's body says first whether it goes on, and takes a counter besides.
  const skip = Math.max(0, before.length - 1);
  let facts = carried.map(moving);
  for (let look = 0; ; look++) {
    const found = inside({
      graph,
      part: "body",
      place: { within: `${scope.path}${node.name}` },
      inputs: [...before, ...facts, ...after],
    });
    if (!found) return null;
    const next = facts.map((fact, at) => meet(fact, found.facts[at + skip] ?? NOTHING));
    if (next.every((fact, at) => sameDims(fact.dims, facts[at]?.dims ?? null))) {
      const rest = found.facts.slice(skip + next.length);
      return { ...found, facts: [...found.facts.slice(0, skip), ...next, ...rest] };
    }
    facts = look < LOOKS ? next : next.map((fact) => ({ ...fact, dims: null }));
  }
}

/** A value that changes from round to round. */
function moving({ type, dims }: Fact): Fact {
  return { type, dims, constant: false, values: null };
}

function meet(before: Fact, after: Fact): Fact {
  const same = before.dims !== null && before.dims.length === after.dims?.length;
  const dims = before.dims?.map((dim, at) => (dim === after.dims?.[at] ? dim : null)) ?? null;
  return { ...before, dims: same ? dims : null };
}

function sameDims(a: Dims | null, b: Dims | null): boolean {
  return a === b || (a !== null && b !== null && a.join() === b.join());
}

/** The body with its rounds, and the node itself, which hands out what the body made. */
function repeated(
  { node }: NodeContext,
  scope: Scope,
  { facts, names, nodes }: Body,
  rounds: number | null,
): ControlFlow {
  const times = (one: number | undefined): number => (one ?? 1) * (rounds ?? 1);
  const open = rounds === null ? { unknown: OPEN_ROUNDS } : {};
  const whole = wholly(node, scope);
  const inputs = [...whole.inputs, ...names];
  return {
    outputs: [...facts],
    inPlace: [
      ...nodes.map((one) => ({ ...one, rounds: times(one.rounds), ...open })),
      { ...whole, inputs, ...open },
    ],
  };
}

/** Control flow that was not looked into: one node of which nothing is known. */
export function notLookedAt(node: OnnxNode, scope: Scope): ControlFlow {
  const unknown = "what is inside it was not looked at";
  const outputs = node.outputs.map(() => NOTHING);
  return { outputs, inPlace: [{ ...wholly(node, scope), unknown }] };
}

export const LOOPS: Readonly<Record<string, ControlInference>> = { Loop: loop, Scan: scan };
