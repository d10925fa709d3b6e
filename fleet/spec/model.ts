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
  })
  .meta({ description: "An ONNX detector with what is needed to read its output." });
export type ModelSpec = z.infer<typeof ModelSpec>;

export const UNSUPPORTED_MODEL_KEYS = ["calibration", "precision", "thresholds", "golden"] as const;

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
  })
  .meta({
    title: "ModelManifest",
    description: "What pipelines and devices need to know of a model.",
  });
export type ModelManifest = z.infer<typeof ModelManifest>;
