import { isFleetError } from "../../errors/index.ts";
import { graphOf, type OnnxNode } from "../onnx/index.ts";
import { type Dims, type Fact, NOTHING, valuesOf } from "./fact.ts";
import { type TakenBranch, withOutputs } from "./live-node.ts";
import { LOOPS, notLookedAt } from "./loops.ts";
import {
  type Body,
  type ControlFlow,
  type ControlInference,
  type Inside,
  type Scope,
  wholly,
} from "./scope.ts";

type Branch = TakenBranch["taken"];

/**
 * The branch that a constant condition takes stands in place of the node; the other is not even looked at. Where only
 * the data decide, both stand there. A branch that contradicts itself can never run, so it is not the one taken.
 */
const either: ControlInference = (context, scope, inside) => {
  const { node } = context;
  const [condition] = valuesOf(context, 0) ?? [];
  if (condition !== undefined) return decided(node, scope, inside, condition ? "then" : "else");
  const [yes, no] = [attempt(node, scope, inside, "then"), attempt(node, scope, inside, "else")];
  if (yes instanceof Error && no instanceof Error) throw yes;
  if (yes instanceof Error) return decided(node, scope, inside, "else");
  if (no instanceof Error) return decided(node, scope, inside, "then");
  if (!yes || !no) return notLookedAt(node, scope);
  const whole = wholly(node, scope);
  const inputs = [...whole.inputs, ...yes.names, ...no.names];
  return {
    outputs: yes.facts.map((fact, at) => common(fact, no.facts[at] ?? NOTHING)),
    inPlace: [...yes.nodes, ...no.nodes, { ...whole, inputs }],
  };
};

function decided(node: OnnxNode, scope: Scope, inside: Inside, taken: Branch): ControlFlow {
  const graph = graphOf(node, `${taken}_branch`);
  const found = graph && inside({ graph, part: taken });
  if (!found) return notLookedAt(node, scope);
  const inPlace = withOutputs(found.nodes, found.names, wholly(node, scope));
  return { outputs: [...found.facts], inPlace, decided: true };
}

/** A branch that need not be taken may contradict itself. */
function attempt(node: OnnxNode, scope: Scope, inside: Inside, taken: Branch): Body | Error | null {
  const graph = graphOf(node, `${taken}_branch`);
  const within = `${scope.path}${node.name}`;
  const branches = [...(scope.place.branches ?? []), { node: within, taken }];
  try {
    return graph && inside({ graph, part: taken, place: { within, branches } });
  } catch (error) {
    if (isFleetError(error, "MODEL_INVALID")) return error;
    throw error;
  }
}

function common(a: Fact, b: Fact): Fact {
  const same = a.dims !== null && b.dims !== null && a.dims.length === b.dims.length;
  const dims: Dims | null = same
    ? (a.dims ?? []).map((dim, at) => (dim === b.dims?.[at] ? dim : null))
    : null;
  return { type: a.type === b.type ? a.type : "unknown", dims, constant: false, values: null };
}

export const CONTROL_FLOW: Readonly<Record<string, ControlInference>> = { If: either, ...LOOPS };
