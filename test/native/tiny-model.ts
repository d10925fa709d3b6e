/**
 * Writes a smallest ONNX model by hand (protobuf wire format): any picture of 64 × 64 gives the same YOLOX
 * head [1, 84, 5 + labels] with one object of 32 × 32 input pixels at the top left, score 0.81, label 0. With
 * `small` it has so many of 8 × 8 pixels instead, side by side, up to 64. `inputType` and `outputType` are numbers of
 * TensorProto.DataType.
 */
export function tinyModel(options: Partial<typeof DEFAULTS> = {}): Uint8Array {
  return made(options, (values) => bytes(9, values));
}

/** The same, with its values in a file of that name beside it. */
export function externalModel(file: string): { bytes: Uint8Array; data: Uint8Array } {
  let data: Uint8Array = new Uint8Array();
  const external = (values: Uint8Array): Uint8Array => {
    data = values;
    const location = message(text(1, "location"), text(2, file));
    return message(bytes(13, location), varint(14, EXTERNAL));
  };
  return { bytes: made({}, external), data };
}

/** The same after `products` of matrices of 512 × 512, a quarter of a billion multiplications and additions each. */
export function heavyModel(products: number): Uint8Array {
  const side = 512;
  const names = Array.from({ length: products + 1 }, (_, at) => `m${at}`);
  const sides = new Uint8Array(new BigInt64Array([BigInt(side), BigInt(side)]).buffer);
  const scalar = message(text(1, "keepdims"), varint(3, 0), varint(20, INT));
  return made(
    {},
    (values) => bytes(9, values),
    [
      node("ReduceMean", ["images"], "mean", scalar),
      // Of the picture, so that it is computed for each, and zero, so that it changes nothing.
      node("Mul", ["mean", "zero"], "nothing"),
      node("Expand", ["nothing", "sides"], "m0"),
      ...names.slice(1).map((name, at) => node("MatMul", [`m${at}`, "m0"], name)),
      node("ReduceMean", [`m${products}`], "sum", scalar),
      node("Add", ["head", "sum"], "output"),
    ],
    [
      message(varint(2, ONNX_TYPES.float32), text(8, "zero"), bytes(9, new Uint8Array(4))),
      message(varint(1, 2), varint(2, ONNX_TYPES.int64), text(8, "sides"), bytes(9, sides)),
    ],
  );
}

function made(
  options: Partial<typeof DEFAULTS>,
  valuesOf: (values: Uint8Array) => Uint8Array,
  nodes = [node("Identity", ["head"], "output")],
  constants: Uint8Array[] = [],
): Uint8Array {
  const { labels, input, score, small, inputType, outputType } = { ...DEFAULTS, ...options };
  const row = 5 + labels;
  const head = new Float32Array(84 * row);
  const object = [0.5, 0.5, 0, 0, score, score];
  // The first cells at stride 8, or the first one at stride 32.
  for (let cell = 0; cell < small; cell += 1) head.set(object, cell * row);
  if (small === 0) head.set(object, 80 * row);
  const shape = [1, 84, row];
  const tensor = message(
    ...shape.map((length) => varint(1, length)),
    varint(2, outputType),
    text(8, "head"),
    valuesOf(outputType === ONNX_TYPES.float16 ? halvesOf(head) : new Uint8Array(head.buffer)),
  );
  const graph = message(
    ...nodes.map((each) => bytes(1, each)),
    text(2, "tiny"),
    ...[tensor, ...constants].map((each) => bytes(5, each)),
    bytes(11, valueInfo("images", input, inputType)),
    bytes(12, valueInfo("output", shape, outputType)),
  );
  const opset = message(text(1, ""), varint(2, 13));
  return message(varint(1, 8), bytes(7, graph), bytes(8, opset));
}

/** TensorProto.DataType. */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int64: 7,
  float16: 10,
  float64: 11,
} as const;

const DEFAULTS = {
  ...{ labels: 1, input: [1, 3, 64, 64], score: 0.9, small: 0 },
  ...{ inputType: ONNX_TYPES.float32 as number, outputType: ONNX_TYPES.float32 as number },
};

const EXTERNAL = 1;
/** Of attributes. */
const INT = 2;

function node(
  operator: string,
  inputs: string[],
  output: string,
  ...attributes: Uint8Array[]
): Uint8Array {
  return message(
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, operator),
    ...attributes.map((attribute) => bytes(5, attribute)),
  );
}

/** IEEE 754 binary16, of values that are normal in it, cut off. */
function halvesOf(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer);
  const halves = Uint16Array.from(words, (word) => {
    const exponent = ((word >>> 23) & 0xff) - 127 + 15;
    return exponent <= 0
      ? 0
      : ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
  });
  return new Uint8Array(halves.buffer);
}

function valueInfo(name: string, shape: number[], type: number): Uint8Array {
  const dimensions = message(...shape.map((length) => bytes(1, message(varint(1, length)))));
  const tensorType = message(varint(1, type), bytes(2, dimensions));
  return message(text(1, name), bytes(2, message(bytes(1, tensorType))));
}

function message(...fields: Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function varint(field: number, value: number): Uint8Array {
  return Uint8Array.from([...base128(field << 3), ...base128(value)]);
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  const head = Uint8Array.from([...base128((field << 3) | 2), ...base128(content.length)]);
  return Buffer.concat([head, content]);
}

function text(field: number, content: string): Uint8Array {
  return bytes(field, Buffer.from(content));
}

function base128(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...base128(Math.floor(value / 128))];
}
