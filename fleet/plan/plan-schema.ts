import { z } from "zod";

const Interval = z
  .object({ expected: z.number(), low: z.number(), high: z.number() })
  .meta({ description: "An estimate with the bounds of its 80 % interval." });
export type Interval = z.infer<typeof Interval>;

export const Diagnostic = z.object({
  severity: z.enum(["error", "warning", "info"]),
  rule: z.string().meta({ description: "Stable id such as dla.pool.window." }),
  /** ONNX nodes that it speaks of; empty when it is about the whole. */
  nodes: z.array(z.string()),
  message: z.string(),
  remedy: z.string().nullable(),
});
export type Diagnostic = z.infer<typeof Diagnostic>;

/** One way to run the model on the board. */
export const Candidate = z.object({
  accelerator: z.enum(["gpu", "dla0", "dla1", "split"]),
  precision: z.enum(["fp32", "fp16", "int8"]),
  ms: Interval.meta({
    description: "Milliseconds of one inference at batch 1; of a split, per picture.",
  }),
  fps: Interval.meta({ description: "Pictures a second when nothing else runs." }),
  dlaLayers: z.number().int(),
  gpuLayers: z.number().int(),
  /** Share of the operations that run on DLA. */
  dlaShare: z.number(),
  loadables: z.number().int(),
  reformats: z.number().int(),
});
export type Candidate = z.infer<typeof Candidate>;

export const PlannedLayer = z.object({
  node: z.string(),
  op: z.string(),
  layer: z.string().meta({ description: "Layer of TensorRT." }),
  device: z.enum(["gpu", "dla"]),
  /** Why not on DLA, where the board has one, even when the GPU was chosen. */
  rule: z.string().nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
  gflops: z.number(),
});
export type PlannedLayer = z.infer<typeof PlannedLayer>;

export const Admission = z.object({
  resource: z.enum(["decoder", "gpu", "dla", "memory"]),
  used: z.number(),
  available: z.number().nullable().meta({ description: "Null when nobody knows." }),
  unit: z.string(),
  fits: z.boolean().nullable(),
});
export type Admission = z.infer<typeof Admission>;

export const Plan = z
  .object({
    schema: z.literal(1),
    verdict: z.enum(["runs", "refused"]),
    /** One sentence for a person. */
    summary: z.string(),
    model: z.object({
      digest: z.string().nullable(),
      opset: z.number().int(),
      layers: z.number().int(),
      gflops: z.number(),
      parameters: z.number(),
      inputs: z.array(z.object({ name: z.string(), dims: z.array(z.number()) })),
    }),
    board: z.string(),
    jetpack: z.string().nullable(),
    tensorrt: z.string().nullable(),
    powerMode: z.string(),
    chosen: Candidate.nullable(),
    reason: z.string(),
    candidates: z.array(Candidate),
    layers: z.array(PlannedLayer),
    admissions: z.array(Admission),
    memoryMib: Interval.nullable(),
    buildMinutes: z.object({ low: z.number(), high: z.number() }),
    diagnostics: z.array(Diagnostic),
    restsOn: z.array(z.string()),
  })
  .meta({ description: "What will run where on a board, how fast, and why." });
export type Plan = z.infer<typeof Plan>;
