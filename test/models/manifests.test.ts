import { readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { sha256Digest } from "../../fleet/release/index.ts";
import { Decoder, Digest } from "../../fleet/spec/index.ts";
import { type Field, fields } from "./support/protobuf.ts";

const folder = new URL("../../models/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));

const Tensor = z.object({ name: z.string(), shape: z.array(z.number().int().positive()) });
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  labels: z.array(z.string()),
  decoder: Decoder,
  opset: z.number().int().max(13),
  parameters: z.number().int().max(1_500_000),
  files: z.array(
    z.object({
      file: z.string(),
      batch: z.number().int(),
      digest: Digest,
      sizeBytes: z.number().int().max(4_000_000),
      input: Tensor,
      output: Tensor,
    }),
  ),
  figures: z.object({
    frames: z.number(),
    precision: z.number(),
    recall: z.number(),
    map50: z.number(),
  }),
});

const manifestNames = readdirSync(folder).filter((name) => /^street-v\d+\.json$/.test(name));
const manifests = manifestNames.map((name) => Manifest.parse(JSON.parse(read(name).toString())));

/** Field numbers of onnx.proto: ModelProto, GraphProto, ValueInfoProto … TensorShapeProto.Dimension. */
const MODEL = { graph: 7, opset: 8 };
const GRAPH = { input: 11, output: 12 };

const nested = (of: Field[], ...path: number[]): Field[] =>
  path.reduce((level, number) => {
    const found = level.find((field) => field.number === number);
    return found?.bytes === undefined ? [] : fields(found.bytes);
  }, of);

function valueInfo(field: Field | undefined): { name: string; shape: number[] } {
  const value = fields(field?.bytes ?? Buffer.alloc(0));
  const name = value.find(({ number }) => number === 1)?.bytes?.toString() ?? "";
  const dimensions = nested(value, 2, 1, 2).filter(({ number }) => number === 1);
  const shape = dimensions.map(({ bytes }) => fields(bytes ?? Buffer.alloc(0))[0]?.value ?? -1);
  return { name, shape };
}

describe("the committed models", () => {
  it("are two versions with batches of 1, 4 and 8", () => {
    expect(manifests.map(({ name, version }) => `${name}-${version}`)).toEqual([
      "street-v1",
      "street-v2",
    ]);
    for (const { files } of manifests) expect(files.map(({ batch }) => batch)).toEqual([1, 4, 8]);
  });

  for (const { files, labels, opset } of manifests) {
    for (const file of files) {
      it(`${file.file} is what its manifest says`, () => {
        const data = read(file.file);
        expect(statSync(new URL(file.file, folder)).size).toBe(file.sizeBytes);
        expect(sha256Digest(data)).toBe(file.digest);
        const model = fields(data);
        const graph = nested(model, MODEL.graph);
        expect(nested(model, MODEL.opset).find(({ number }) => number === 2)?.value).toBe(opset);
        const inputs = graph.filter(({ number }) => number === GRAPH.input).map(valueInfo);
        const outputs = graph.filter(({ number }) => number === GRAPH.output).map(valueInfo);
        expect(inputs).toEqual([file.input]);
        expect(outputs).toEqual([file.output]);
      });

      it(`${file.file} has the shapes of decoder yolox`, () => {
        const [batch, channels, height = 0, width = 0] = file.input.shape;
        const cells = [8, 16, 32].map((stride) => (height / stride) * (width / stride));
        expect([batch, channels]).toEqual([file.batch, 3]);
        expect([height % 32, width % 32]).toEqual([0, 0]);
        const all = cells.reduce((sum, n) => sum + n, 0);
        expect(file.output.shape).toEqual([file.batch, all, 5 + labels.length]);
      });
    }
  }

  it("have figures that make v2 usable and v1 clearly worse", () => {
    const [v1, v2] = manifests.map(({ figures }) => figures);
    expect(v2?.frames).toBeGreaterThanOrEqual(300);
    expect(Math.min(v2?.precision ?? 0, v2?.recall ?? 0)).toBeGreaterThanOrEqual(0.9);
    expect((v2?.map50 ?? 0) - (v1?.map50 ?? 1)).toBeGreaterThan(0.1);
  });
});

describe("the scoring rule", () => {
  it("names its four bounds as shares", () => {
    const rule = z
      .record(z.string(), z.number().min(0).max(1))
      .parse(JSON.parse(read("scoring.json").toString()));
    expect(Object.keys(rule).sort()).toEqual(["ignoreIou", "iou", "minHeightShare", "minVisible"]);
  });
});
