import type { DataType } from "../onnx/index.ts";
import { dataType, float, int, LIMITS } from "../onnx/index.ts";
import {
  contradiction,
  type Dims,
  type Fact,
  type Inference,
  known,
  type NodeContext,
  product,
  shaped,
} from "./fact.ts";

/** Dimensions of several operands under the broadcasting of numpy; null when they are unknown. */
export function broadcast(context: NodeContext, all: readonly (Dims | null)[]): Dims | null {
  if (all.some((dims) => dims === null)) return null;
  const operands = all as readonly Dims[];
  const rank = Math.max(...operands.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, at) => {
    const sizes = operands.map((dims) => {
      const own = at - (rank - dims.length);
      return own < 0 ? 1 : (dims[own] ?? null);
    });
    const [large, other] = new Set(sizes.filter((size) => size !== null && size !== 1));
    if (other !== undefined)
      throw contradiction(context, `operands of ${large} and ${other} elements do not broadcast`);
    if (large !== undefined) return large;
    return sizes.every((size) => size === 1) ? 1 : null;
  });
}

type Compute = (...operands: number[]) => number;

/** An operator that works on each element of its broadcast inputs. */
export function elementwise(compute?: Compute, type?: DataType): Inference {
  return (context) => {
    const dims = broadcast(
      context,
      context.inputs.map((input) => input?.dims ?? null),
    );
    const fact = shaped(context, dims, type);
    return [compute ? { ...fact, values: evaluate(context, dims, compute) } : fact];
  };
}

function evaluate(context: NodeContext, dims: Dims | null, compute: Compute): number[] | null {
  if (!known(dims) || product(dims) > LIMITS.foldedElements) return null;
  if (!context.inputs.every((input) => input === null || input.constant)) return null;
  const operands = context.inputs.map((input) => expander(input, dims));
  if (operands.some((operand) => operand === null)) return null;
  const readers = operands as ((at: number) => number)[];
  return Array.from({ length: product(dims) }, (_, at) =>
    compute(...readers.map((read) => read(at))),
  );
}

/** Reads an operand as if it had the broadcast dimensions. */
function expander(fact: Fact | null, dims: readonly number[]): ((at: number) => number) | null {
  if (fact === null || fact.values === null || !known(fact.dims)) return null;
  const { values, dims: own } = fact;
  if (values.length === 1) return () => values[0] ?? 0;
  if (product(own) === product(dims)) return (at) => values[at] ?? 0;
  return (at) => {
    let [rest, index, stride] = [at, 0, 1];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const size = dims[axis] ?? 1;
      const ownSize = own[axis - (dims.length - own.length)] ?? 1;
      index += (ownSize === 1 ? 0 : rest % size) * stride;
      stride *= ownSize;
      rest = Math.floor(rest / size);
    }
    return values[index] ?? 0;
  };
}

const isInteger = (type: DataType | undefined): boolean => /^u?int/.test(type ?? "");

const divide: Inference = (context) => {
  const whole = isInteger(context.inputs[0]?.type);
  return elementwise((a = 0, b = 1) => (whole ? Math.trunc(a / b) : a / b))(context);
};

const converted = (value: number, type: DataType): number => {
  if (type === "bool") return value === 0 ? 0 : 1;
  return isInteger(type) ? Math.trunc(value) : value;
};

const cast: (type: DataType) => Inference = (type) => (context) => {
  const [fact] = elementwise((a = 0) => converted(a, type), type)(context);
  return fact ? [fact] : [];
};

const castTo: Inference = (context) => {
  const to = context.node.attributes["to"];
  return cast(to?.kind === "int" ? dataType(to.value) : "unknown")(context);
};

/** `fmod` takes the sign of the dividend, else the result has the sign of the divisor. */
const modulo: Inference = (context) => {
  const ofDividend = int(context.node, "fmod", 0) === 1;
  return elementwise((a = 0, b = 1) => (ofDividend ? a % b : a - b * Math.floor(a / b)))(context);
};

const castLike: Inference = (context) => {
  const value = { ...context, inputs: context.inputs.slice(0, 1) };
  return cast(context.inputs[1]?.type ?? "unknown")(value);
};

const select: Inference = (context) => {
  const [fact] = elementwise((chosen = 0, a = 0, b = 0) => (chosen ? a : b))(context);
  return fact ? [{ ...fact, type: context.inputs[1]?.type ?? "unknown" }] : [];
};

const sigmoid = (a = 0): number => 1 / (1 + Math.exp(-a));
/** Half goes to the even neighbour. */
const toEven = (a = 0): number => {
  const below = Math.floor(a);
  if (a - below !== 0.5) return Math.round(a);
  return below % 2 === 0 ? below : below + 1;
};

/** An operator of one input whose attributes are numbers. */
const tuned =
  (
    defaults: Readonly<Record<string, number>>,
    compute: (a: number, get: (name: string) => number) => number,
  ): Inference =>
  (context) =>
    elementwise((a = 0) => compute(a, (name) => float(context.node, name, defaults[name] ?? 0)))(
      context,
    );

const isInfinite: Inference = (context) => {
  const [negative, positive] = ["detect_negative", "detect_positive"].map(
    (name) => int(context.node, name, 1) === 1,
  );
  return elementwise(
    (a = 0) => Number((a === Infinity && positive) || (a === -Infinity && negative)),
    "bool",
  )(context);
};

/** Of a type without a sign, all bits that it has are turned. */
const bitwiseNot: Inference = (context) => {
  const bits = Number(/^uint(\d+)$/.exec(context.inputs[0]?.type ?? "")?.[1] ?? 0);
  const most = bits === 0 ? -1 : 2 ** bits - 1;
  return elementwise((a = 0) => most - a)(context);
};

/** Bounds are attributes before operator set 11, and inputs since. */
const clip: Inference = (context) => {
  const { node, inputs } = context;
  const [input] = inputs;
  const bound = (name: string, at: number, otherwise: number): number | null => {
    if (node.attributes[name]) return float(node, name, otherwise);
    return inputs[at] ? (inputs[at].values?.[0] ?? null) : otherwise;
  };
  const [low, high] = [bound("min", 1, -Infinity), bound("max", 2, Infinity)];
  const alone = { ...context, inputs: inputs.slice(0, 1) };
  const constant =
    low !== null && high !== null ? (a = 0) => Math.min(Math.max(a, low), high) : undefined;
  const [fact] = elementwise(constant)(alone);
  const dims = input?.dims ?? null;
  return fact ? [{ ...fact, dims, constant: fact.constant && low !== null && high !== null }] : [];
};

const SAME_SHAPE = [
  ...["Elu", "Selu", "Celu"],
  ...["Mish", "Gelu", "Erf"],
  ...["BitShift", "Shrink"],
] as const;

export const ELEMENTWISE: Readonly<Record<string, Inference>> = {
  ...Object.fromEntries(SAME_SHAPE.map((op) => [op, elementwise()])),
  Relu: elementwise((a = 0) => Math.max(0, a)),
  PRelu: elementwise((a = 0, b = 0) => (a < 0 ? a * b : a)),
  LeakyRelu: tuned({ alpha: 0.01 }, (a, get) => (a < 0 ? a * get("alpha") : a)),
  ThresholdedRelu: tuned({ alpha: 1 }, (a, get) => (a > get("alpha") ? a : 0)),
  HardSigmoid: tuned({ alpha: 0.2, beta: 0.5 }, (a, get) =>
    Math.min(1, Math.max(0, get("alpha") * a + get("beta"))),
  ),
  HardSwish: elementwise((a = 0) => a * Math.min(1, Math.max(0, a / 6 + 0.5))),
  Sigmoid: elementwise(sigmoid),
  Tanh: elementwise(Math.tanh),
  Softplus: elementwise((a = 0) => Math.log1p(Math.exp(a))),
  Softsign: elementwise((a = 0) => a / (1 + Math.abs(a))),
  Clip: clip,
  Log: elementwise(Math.log),
  Sin: elementwise(Math.sin),
  Cos: elementwise(Math.cos),
  Tan: elementwise(Math.tan),
  Asin: elementwise(Math.asin),
  Acos: elementwise(Math.acos),
  Atan: elementwise(Math.atan),
  Sinh: elementwise(Math.sinh),
  Cosh: elementwise(Math.cosh),
  Asinh: elementwise(Math.asinh),
  Acosh: elementwise(Math.acosh),
  Atanh: elementwise(Math.atanh),
  Sign: elementwise(Math.sign),
  Round: elementwise(toEven),
  BitwiseAnd: elementwise((a = 0, b = 0) => Number(BigInt(a) & BigInt(b))),
  BitwiseOr: elementwise((a = 0, b = 0) => Number(BigInt(a) | BigInt(b))),
  BitwiseXor: elementwise((a = 0, b = 0) => Number(BigInt(a) ^ BigInt(b))),
  BitwiseNot: bitwiseNot,
  Add: elementwise((a = 0, b = 0) => a + b),
  Sub: elementwise((a = 0, b = 0) => a - b),
  Mul: elementwise((a = 0, b = 0) => a * b),
  Div: divide,
  Mod: modulo,
  Pow: elementwise((a = 0, b = 0) => a ** b),
  Min: elementwise(Math.min),
  Max: elementwise(Math.max),
  Sum: elementwise((...all) => all.reduce((sum, one) => sum + one, 0)),
  Mean: elementwise((...all) => all.reduce((sum, one) => sum + one, 0) / all.length),
  Neg: elementwise((a = 0) => -a),
  Abs: elementwise(Math.abs),
  Exp: elementwise(Math.exp),
  Sqrt: elementwise(Math.sqrt),
  Reciprocal: elementwise((a = 1) => 1 / a),
  Floor: elementwise(Math.floor),
  Ceil: elementwise(Math.ceil),
  IsNaN: elementwise((a = 0) => Number(Number.isNaN(a)), "bool"),
  IsInf: isInfinite,
  Xor: elementwise((a = 0, b = 0) => Number(!a !== !b), "bool"),
  Not: elementwise((a = 0) => (a ? 0 : 1), "bool"),
  And: elementwise((a = 0, b = 0) => (a && b ? 1 : 0), "bool"),
  Or: elementwise((a = 0, b = 0) => (a || b ? 1 : 0), "bool"),
  Equal: elementwise((a = 0, b = 0) => (a === b ? 1 : 0), "bool"),
  Greater: elementwise((a = 0, b = 0) => (a > b ? 1 : 0), "bool"),
  Less: elementwise((a = 0, b = 0) => (a < b ? 1 : 0), "bool"),
  GreaterOrEqual: elementwise((a = 0, b = 0) => (a >= b ? 1 : 0), "bool"),
  LessOrEqual: elementwise((a = 0, b = 0) => (a <= b ? 1 : 0), "bool"),
  Where: select,
  Cast: castTo,
  CastLike: castLike,
};
