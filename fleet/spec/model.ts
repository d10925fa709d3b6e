import { z } from "zod";
import { Text } from "../text/index.ts";
import { Digest, Name } from "./names.ts";

/** What turns the output tensors into boxes. Conventions per family: letterbox, colour order, scaling. */
export const Decoder = z.enum(["yolox", "fastestdet"]).meta({
  title: "Decoder",
  description:
    "Detection decoder. yolox: input float32 [N,3,H,W] BGR 0–255, letterbox top-left padded with 114; " +
    "output float32 [N,A,5+C] undecoded (strides 8, 16, 32). fastestdet: input float32 [N,3,H,W] BGR 0–1, stretched; " +
    "output float32 [N,5+C,H/16,W/16], score objectness^0.6 × class^0.4.",
});
export type Decoder = z.infer<typeof Decoder>;

/** Shown on every screen, and drawn. */
export const Label = Text.min(1).max(64);

/** Of an ONNX node. */
const NodeName = z
  .string()
  .max(200)
  .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
const Float32Nodes = z.array(NodeName).min(1).max(1000);

export const ModelSpec = z
  .strictObject({
    name: Name.meta({
      description: "Name in the fleet, a DNS label. Default: the name of the resource.",
    }),
    source: z
      .string()
      .min(1)
      .meta({ description: "Path of the ONNX file, relative to the program." }),
    labels: z
      .array(Label)
      .min(1)
      .max(1000)
      .meta({ description: "Class names in the model's order." }),
    decoder: Decoder.default("yolox"),
    calibration: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          "Path of the calibration table for INT8, relative to the program: ranges that TensorRT found for this very file " +
          "(native/backends/tensorrt/files/calibration_table.h), good for every version and device. A model with symmetric " +
          "Q and DQ nodes needs none.",
      }),
    float32Nodes: Float32Nodes.optional().meta({
      description:
        "Names of ONNX nodes that compute in float32 in engines of any precision, such as the first of a model that takes " +
        "samples from 0 to 255. Default: none.",
    }),
  })
  .meta({ description: "An ONNX detector with what is needed to read its output." });
export type ModelSpec = z.infer<typeof ModelSpec>;

export const UNSUPPORTED_MODEL_KEYS = ["precision", "thresholds", "golden"] as const;

/** Of a calibration table: a line for each tensor, of which models have some hundreds. */
export const MOST_TABLE_BYTES = 4 * 2 ** 20;

/** A model as it travels in a desired document: everything but the bytes, which `digest` names. */
export const ModelManifest = z
  .strictObject({
    name: Name,
    digest: Digest,
    sizeBytes: z
      .number()
      .int()
      .positive()
      .max(4 * 2 ** 30)
      .meta({ description: "Size of the file." }),
    labels: z
      .array(Label)
      .min(1)
      .max(1000)
      .meta({ description: "Class names in the model's order." }),
    decoder: Decoder,
    calibration: z
      .strictObject({
        digest: Digest,
        sizeBytes: z
          .number()
          .int()
          .positive()
          .max(MOST_TABLE_BYTES)
          .meta({ description: "Size of the table." }),
      })
      .optional()
      .meta({ description: "The calibration table for INT8, an object like the model itself." }),
    float32Nodes: Float32Nodes.optional().meta({
      description: "ONNX nodes that compute in float32 in engines of any precision.",
    }),
  })
  .meta({
    title: "ModelManifest",
    description: "What pipelines and devices need to know of a model.",
  });
export type ModelManifest = z.infer<typeof ModelManifest>;

/** All objects of a model: its file, and the table that its INT8 engines are built with. */
export function objectsOfModel({
  digest,
  sizeBytes,
  calibration,
}: Pick<ModelManifest, "digest" | "sizeBytes" | "calibration">): {
  digest: string;
  sizeBytes: number;
}[] {
  return [{ digest, sizeBytes }, ...(calibration ? [calibration] : [])];
}
