/**
 * An ONNX file of a few hundred bytes that runs: to any picture [1,3,64,64] it answers with YOLOX's raw head
 * [1,84,5+classes], all halves. With `op`, the one node is that, from the picture, and perhaps nothing runs.
 */
export function tinyOnnx(
  classes: number,
  options: { opset?: number; producer?: string; op?: string; side?: number } = {},
): Buffer {
  const { side = 64 } = options;
  const anchors = [8, 16, 32].reduce((sum, stride) => sum + (side / stride) ** 2, 0);
  const graph = message([
    [1, options.op === undefined ? halves() : message(nodeOf("x", options.op))],
    [2, "tiny"],
    [5, shapeTensor([1, anchors, 5 + classes])],
    [11, valueInfo("x", [1, 3, side, side])],
    [12, valueInfo("y", [1, anchors, 5 + classes])],
  ]);
  return message([
    [1, 8],
    [2, options.producer ?? "jetfleet-test"],
    [7, graph],
    [
      8,
      message([
        [1, ""],
        [2, options.opset ?? 13],
      ]),
    ],
  ]);
}

function nodeOf(input: string, op: string): Field[] {
  return [
    [1, input],
    [2, "y"],
    [4, op],
  ];
}

/** The node that answers with halves. */
function halves(): Buffer {
  const half = message([
    [1, 1],
    [2, 1],
    [9, Buffer.from(Float32Array.of(0.5).buffer)],
  ]);
  const value = message([
    [1, "value"],
    [5, half],
    [20, 4],
  ]);
  return message([...nodeOf("shape", "ConstantOfShape"), [5, value]]);
}

function shapeTensor(dims: number[]): Buffer {
  return message([
    [1, dims.length],
    [2, 7],
    [8, "shape"],
    [9, Buffer.from(BigInt64Array.from(dims.map(BigInt)).buffer)],
  ]);
}

function valueInfo(name: string, dims: number[]): Buffer {
  const shape = message(dims.map((dim) => [1, message([[1, dim]])]));
  return message([
    [1, name],
    [
      2,
      message([
        [
          1,
          message([
            [1, 1],
            [2, shape],
          ]),
        ],
      ]),
    ],
  ]);
}

type Field = [number: number, value: number | string | Buffer];

export function message(fields: Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => encodeField(number, value)));
}

function encodeField(number: number, value: number | string | Buffer): Buffer[] {
  if (typeof value === "number") return [varint(number * 8), varint(value)];
  const bytes = Buffer.from(value);
  return [varint(number * 8 + 2), varint(bytes.length), bytes];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
