import { LIMITS } from "../onnx/index.ts";
import { type Fact, known, type NodeContext, product } from "./fact.ts";
import { MOVES } from "./fold-moves.ts";
import { SUMS } from "./fold-sums.ts";
import type { Fold, Operand } from "./tensor.ts";

const FOLDS: ReadonlyMap<string, Fold> = new Map(Object.entries({ ...MOVES, ...SUMS }));

/**
 * Facts of a node's outputs with their elements worked out, where all inputs are small constants: what exporters
 * leave of arithmetic on shapes and anchors, and every runtime works out before the first picture.
 */
export function folded(
  context: NodeContext,
  outputs: Fact[],
  budget: { elements: number },
): Fact[] {
  const fold = FOLDS.get(context.node.op);
  if (!fold || outputs.every(({ values }) => values !== null)) return outputs;
  const operands = operandsOf(context);
  if (operands === null || !outputs.every(isSmall)) return outputs;
  const dims = outputs.map((fact) => (fact.dims ?? []) as readonly number[]);
  // A sum of much gives little: what is read counts, too.
  budget.elements -= operands.reduce((sum, one) => sum + (one?.values.length ?? 0), 0);
  const values = fold(operands, dims, context);
  return outputs.map((fact, at) => {
    const made = values[at] ?? null;
    return made === null ? fact : { ...fact, values: fact.values ?? made };
  });
}

/** All inputs with their elements; null when one is not known. */
function operandsOf({ inputs }: NodeContext): (Operand | null)[] | null {
  const operands: (Operand | null)[] = [];
  for (const input of inputs) {
    if (input === null) operands.push(null);
    else if (input.constant && input.values !== null && known(input.dims))
      operands.push({ values: input.values, dims: input.dims });
    else return null;
  }
  return operands.length === 0 ? null : operands;
}

function isSmall({ dims, constant }: Fact): boolean {
  return constant && known(dims) && product(dims) <= LIMITS.foldedElements;
}
