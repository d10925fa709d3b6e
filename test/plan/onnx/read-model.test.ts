import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFleetError } from "../../../fleet/errors/index.ts";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { LIMITS, readModel, tensorValues } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { type ModelSketch, type NodeSketch, writeModel } from "../support/onnx-writer.ts";

const RELU: NodeSketch = { op: "Relu", inputs: ["x"], outputs: ["y"], name: "relu" };
const PLAIN: ModelSketch = { inputs: { x: [1, 3] }, outputs: ["y"], nodes: [RELU] };

function refusal(bytes: Uint8Array): string {
  try {
    readModel(bytes);
  } catch (error) {
    if (isFleetError(error, "MODEL_INVALID")) return error.message;
    throw error;
  }
  return "accepted";
}

function nested(depth: number): ModelSketch {
  if (depth === 0) return PLAIN;
  return { ...PLAIN, nodes: [{ ...RELU, attributes: { body: { graph: nested(depth - 1) } } }] };
}

describe("reading an ONNX file", () => {
  it("keeps constants as views of the file, without copying", () => {
    const file = writeModel({
      ...PLAIN,
      tensors: [{ name: "w", dims: [2, 2], raw: new Uint8Array(16) }],
    });
    const raw = readModel(file).graph.initializers.get("w")?.raw;
    expect(raw?.buffer).toBe(file.buffer);
    expect(raw?.length).toBe(16);
  });

  it("reads small integers of a shape that came one by one", () => {
    const file = writeModel({
      ...PLAIN,
      tensors: [{ name: "shape", dims: [3], int64: [1, -1, 85] }],
    });
    const tensor = readModel(file).graph.initializers.get("shape");
    expect(tensor && tensorValues(tensor)).toEqual([1, -1, 85]);
  });

  it("leaves initializers that old files repeat as inputs out of the inputs", () => {
    const file = writeModel({
      ...PLAIN,
      inputs: { x: [1, 3], w: [2] },
      tensors: [{ name: "w", dims: [2], raw: new Uint8Array(8) }],
    });
    expect(readModel(file).graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  it("puts nodes into an order in which they can run", () => {
    const nodes = [
      { op: "Relu", inputs: ["a"], outputs: ["b"], name: "second" },
      { op: "Relu", inputs: ["x"], outputs: ["a"], name: "first" },
    ];
    const names = readModel(writeModel({ ...PLAIN, nodes })).graph.nodes.map(({ name }) => name);
    expect(names).toEqual(["first", "second"]);
  });

  it("refuses a ring and names a node of it", () => {
    const nodes = [
      { op: "Add", inputs: ["x", "b"], outputs: ["a"], name: "left" },
      { op: "Relu", inputs: ["a"], outputs: ["b"], name: "right" },
    ];
    expect(refusal(writeModel({ ...PLAIN, nodes }))).toContain(
      'ring through this node (while reading node "left")',
    );
  });

  it("refuses a value that is made twice", () => {
    expect(refusal(writeModel({ ...PLAIN, nodes: [RELU, { ...RELU, name: "again" }] }))).toContain(
      "made twice",
    );
  });

  it("refuses negative, overflowing and wrongly sized constants by name", () => {
    const withTensor = (dims: (number | bigint)[], raw?: Uint8Array): string =>
      refusal(writeModel({ ...PLAIN, tensors: [{ name: "w", dims, ...(raw ? { raw } : {}) }] }));
    expect(withTensor([-4, 4])).toContain('negative dimension, -4 (while reading tensor "w")');
    expect(withTensor([2 ** 40])).toContain("a dimension of");
    expect(withTensor([2 ** 31 - 1, 2 ** 31 - 1])).toContain("elements, more than");
    expect(withTensor([9223372036854775807n])).toContain("out of range");
    expect(withTensor([4], new Uint8Array(3))).toContain(
      "3 bytes of data where its shape needs 16",
    );
  });

  it("names the file of external data, and takes its place and size", () => {
    const external = { location: "weights/large.bin", offset: "4096", length: "16" };
    const file = writeModel({ ...PLAIN, tensors: [{ name: "w", dims: [2, 2], external }] });
    const tensor = readModel(file).graph.initializers.get("w");
    expect(tensor).toMatchObject({ externalFile: "weights/large.bin", raw: null });
    expect(tensor && tensorValues(tensor)).toBeNull();
  });

  it.each<[string, Record<string, string>, string]>([
    ["of another folder", { location: "../secret" }, "no file beside the model"],
    ["of another folder, further in", { location: "a/../../b" }, "no file beside the model"],
    [
      "of another folder, as Windows writes it",
      { location: "..\\secret" },
      "no file beside the model",
    ],
    ["of the root", { location: "/etc/passwd" }, "no file beside the model"],
    ["of another drive", { location: "C:weights" }, "no file beside the model"],
    ["behind a name with a zero", { location: "a\0b" }, "no file beside the model"],
    ["nowhere", {}, "no file beside the model"],
    ["before the file", { location: "w", offset: "-1" }, 'an external offset of "-1"'],
    ["beyond any file", { location: "w", offset: "9".repeat(30) }, "an external offset of"],
    ["of no number", { location: "w", length: "0x10" }, 'an external length of "0x10"'],
    [
      "of another size",
      { location: "w", length: "15" },
      "15 bytes of external data where its shape needs 16",
    ],
  ])("refuses external data %s", (_label, external, reason) => {
    const bytes = writeModel({ ...PLAIN, tensors: [{ name: "w", dims: [2, 2], external }] });
    expect(refusal(bytes)).toContain(reason);
    expect(refusal(bytes)).toContain('tensor "w"');
  });

  it("refuses a file with two graphs", () => {
    const file = writeModel(PLAIN);
    expect(refusal(Buffer.concat([file, file]))).toContain("two graphs");
  });

  it("refuses graphs nested without end", () => {
    expect(refusal(writeModel(nested(LIMITS.depth)))).toBe("accepted");
    expect(refusal(writeModel(nested(LIMITS.depth + 1)))).toContain("nested deeper than");
  });

  it("refuses a million nodes before they cost memory", () => {
    const node = { op: "R", inputs: [], outputs: [], name: "n" };
    const file = writeModel({ ...PLAIN, nodes: Array.from({ length: 1_000_000 }, () => node) });
    const before = performance.now();
    expect(refusal(file)).toContain(`more than ${LIMITS.nodes} nodes`);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it("refuses operator sets it does not understand", () => {
    expect(refusal(writeModel({ ...PLAIN, opset: 6 }))).toContain("operator set 6");
    expect(refusal(writeModel({ ...PLAIN, opset: 7 }))).toBe("accepted");
    expect(refusal(writeModel({ ...PLAIN, opset: 22 }))).toContain("operator set 22");
  });

  it("refuses a file that is cut off anywhere, or says what it read: never another error", () => {
    const file = writeModel({
      ...PLAIN,
      tensors: [{ name: "w", dims: [2, 2], raw: new Uint8Array(16) }],
    });
    for (let length = 0; length < file.length; length++) {
      expect(typeof refusal(file.subarray(0, length))).toBe("string");
    }
    expect(refusal(file.subarray(0, file.length - 10))).toContain("cut off");
  });

  const alexnet = join(
    import.meta.dirname,
    "../../../fleet/plan/calibration/networks/alexnet.onnx",
  );

  it("refuses a real network that is cut off at any byte", () => {
    const file = readFileSync(alexnet);
    const whole = readModel(file).graph.nodes.length;
    for (let length = 0; length < file.length; length++) {
      const verdict = refusal(file.subarray(0, length));
      // Behind the graph stands the operator set, without which nothing is understood.
      expect(verdict, `${length} of ${file.length} bytes`).not.toBe("accepted");
    }
    expect(whole).toBe(20);
  });

  it("meets a real network with damaged bytes with MODEL_INVALID or another plan, in a moment", () => {
    const file = readFileSync(alexnet);
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const hurt = Buffer.from(file);
        for (const [at, value] of changes) hurt[at] = value;
        const start = performance.now();
        try {
          mapGraph(inferShapes(readModel(hurt)), 802);
        } catch (error) {
          if (!isFleetError(error, "MODEL_INVALID")) throw error;
        }
        expect(performance.now() - start).toBeLessThan(1000);
      }),
      { numRuns: 500 },
    );
  });

  it("meets random bytes with MODEL_INVALID only", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(typeof refusal(bytes)).toBe("string");
      }),
    );
    const file = writeModel(nested(3));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (at, value) => {
        const hurt = file.slice();
        hurt[at] = value;
        expect(typeof refusal(hurt)).toBe("string");
      }),
    );
  });
});
