import { z } from "zod";
import { Text } from "../text/index.ts";
import { DecoderLibrary, DecoderObjects, type Machine } from "./decoder-library.ts";
import { Digest, Name, objectUpTo } from "./names.ts";

/** What turns the outputs into boxes. Conventions per family: letterbox, colour order, scaling, suppression. */
export const Decoder = z
  .enum([
    "yolox",
    "yolox-decoded",
    "fastestdet",
    "yolov2",
    "yolov3",
    "yolov4",
    "yolov5",
    "yolov7",
    "yolov8",
    "yolov9",
    "yolo11",
    "yolov10",
    "yolo26",
    "nanodet",
    "ssd-tf",
    "ssd-detection-output",
    "efficient-nms",
    "rt-detr",
    "detr",
    "ultraface",
    "yunet",
    "centernet",
    "classification",
    "reid",
    "library",
  ])
  .meta({
    title: "Decoder",
    description:
      "How the model's outputs are read, by family: native/core/decode/README.md lists what each expects. yolox is the " +
      "raw head, yolox-decoded that of --decode_in_inference; yolov3 and yolov4 are darknet's heads, tiny ones too; " +
      "yolov10 and yolo26 are end to end; classification finds the whole picture; library is one of your own, which decoderLibrary names.",
  });
export type Decoder = z.infer<typeof Decoder>;

const Side = z.number().int().min(1).max(8192);
const PerChannel = z.array(z.number().min(0).max(1e4)).length(3);

/** How pictures get into a model, where its decoder's family has it otherwise or the model leaves it open. */
export const ModelInput = z
  .strictObject({
    width: Side.optional().meta({ description: "Of a model that leaves its width open." }),
    height: Side.optional().meta({ description: "Of a model that leaves its height open." }),
    fit: z.enum(["letterbox", "letterbox-centred", "stretch"]).optional().meta({
      description: "letterbox: at the top left.",
    }),
    channels: z.enum(["rgb", "bgr"]).optional().meta({ description: "Order of the colours." }),
    mean: PerChannel.optional().meta({
      description: "In samples from 0 to 255, in the order of the channels.",
    }),
    scale: PerChannel.optional().meta({ description: "value = (sample − mean) × scale." }),
    pad: z.number().min(0).max(255).optional().meta({ description: "Sample around a letterbox." }),
  })
  .meta({
    title: "ModelInput",
    description: "How pictures get into the model. Default: as its decoder's family does.",
  });
export type ModelInput = z.infer<typeof ModelInput>;

/** Widths and heights in turn, small ones first. */
export const Anchors = z
  .array(z.number().positive().max(8192))
  .min(2)
  .max(40)
  .refine((sides) => sides.length % 2 === 0, "must be pairs of width and height");

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
    decoder: Decoder.optional().meta({
      description:
        "Default: the one that fits the model, found by trying it on real pictures; where several do, one must be named.",
    }),
    decoderLibrary: DecoderLibrary.optional(),
    input: ModelInput.optional(),
    anchors: Anchors.optional().meta({
      description: "Of darknet's heads. Default: those of the published models.",
    }),
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
  .meta({ description: "An ONNX model with what is needed to read its outputs." });
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
    decoderLibrary: DecoderObjects.optional(),
    input: ModelInput.optional(),
    anchors: Anchors.optional().meta({ description: "Of darknet's heads." }),
    calibration: objectUpTo(MOST_TABLE_BYTES, "table")
      .optional()
      .meta({ description: "The calibration table for INT8, an object like the model itself." }),
    float32Nodes: Float32Nodes.optional().meta({
      description: "ONNX nodes that compute in float32 in engines of any precision.",
    }),
  })
  .refine(({ decoder, decoderLibrary }) => isOwn(decoder) === (decoderLibrary !== undefined), {
    message: "must be there for decoder library, and for no other",
    path: ["decoderLibrary"],
  })
  .meta({
    title: "ModelManifest",
    description: "What pipelines and devices need to know of a model.",
  });
export type ModelManifest = z.infer<typeof ModelManifest>;

/** Whether it is a decoder of an operator's own, in shared objects. */
export function isOwn(decoder: Decoder): boolean {
  return decoder === "library";
}

/** All objects of a model for a machine: its file, the table that its INT8 engines are built with, and its own decoder. */
export function objectsOfModel(
  {
    digest,
    sizeBytes,
    calibration,
    decoderLibrary = {},
  }: Pick<ModelManifest, "digest" | "sizeBytes" | "calibration" | "decoderLibrary">,
  machine: Machine | null,
): { digest: string; sizeBytes: number }[] {
  const own = machine === null ? undefined : decoderLibrary[machine];
  const others = [calibration, own].filter((object) => object !== undefined);
  return [{ digest, sizeBytes }, ...others];
}
