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
  latencyMs: Interval.nullable().meta({
    description:
      "Milliseconds of one inference: of a whole batch, and of a split in its slower engine. Null when no layer takes time, or when nobody can say.",
  }),
  fps: Interval.nullable().meta({
    description:
      "Pictures a second when nothing else runs. Null when no layer takes time, or when nobody can say.",
  }),
  mostFps: z.number().nullable().meta({
    description:
      "Pictures a second that the bias of one of the sources behind the estimate still explains: more is refused.",
  }),
  leastMs: z.number().nullable().meta({
    description: "Milliseconds of one inference that it still explains: less is refused.",
  }),
  busy: z
    .object({ gpu: z.number(), dla0: z.number(), dla1: z.number() })
    .meta({ description: "Share of its time that each device works at the expected rate." }),
  published: z.boolean().meta({
    description:
      "Whether figures of this kind of accelerator and precision are behind the estimate.",
  }),
  dlaLayers: z.number().int(),
  gpuLayers: z.number().int(),
  dlaShare: z.number().nullable().meta({
    description: "Share of the operations that run on DLA. Null when nobody can say.",
  }),
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
  gflops: z.number().nullable().meta({ description: "Null when nobody can say." }),
  ms: z.number().nullable().meta({
    description:
      "Milliseconds that it is expected to take, with all that is fused into it; 0 for what is. Null when nobody can say.",
  }),
});
export type PlannedLayer = z.infer<typeof PlannedLayer>;

/** What one pipeline takes of its board. Null where nobody knows, as the size or rate of its cameras is not said. */
export const Usage = z.object({
  decoderMpixPerSecond: z.number().nullable(),
  gpuBusy: z.number().nullable().meta({ description: "Share of the GPU's time, 1 is all of it." }),
  dla0Busy: z.number().nullable(),
  dla1Busy: z.number().nullable(),
  memoryMib: z.number().nullable(),
});
export type Usage = z.infer<typeof Usage>;

/** What another pipeline of the same device takes. */
export type NamedUsage = Usage & { name: string };

export const Admission = z.object({
  resource: z.enum(["decoder", "gpu", "dla0", "dla1", "memory"]),
  used: z.number().meta({ description: "By this pipeline, the others and the system." }),
  own: z.number().meta({ description: "By this pipeline." }),
  beside: z.array(z.object({ name: z.string(), used: z.number() })),
  available: z.number().nullable().meta({ description: "Null when nobody knows." }),
  unit: z.string(),
  fits: z.boolean().nullable().meta({ description: "Null when it cannot be said." }),
});
export type Admission = z.infer<typeof Admission>;

export const Plan = z
  .object({
    schema: z.literal(1),
    verdict: z.enum(["runs", "refused", "unknown"]).meta({
      description:
        "Whether the model runs and the module meets the demand: it does, it does not, or nobody can say.",
    }),
    /** One sentence for a person. */
    summary: z.string(),
    model: z.object({
      digest: z.string().nullable(),
      opset: z.number().int(),
      layers: z.number().int(),
      gflops: z.number().meta({ description: "Of the layers that are counted." }),
      uncounted: z.number().int().meta({ description: "Layers whose cost nobody can say." }),
      parameters: z.number(),
      batch: z.number().int().meta({ description: "Pictures that one inference takes." }),
      inputs: z.array(z.object({ name: z.string(), dims: z.array(z.number()) })),
    }),
    module: z.string().meta({ description: "Its id in the catalog." }),
    jetpack: z.string().nullable(),
    tensorrt: z.string().nullable().meta({
      description:
        "Version that builds: of TensorRT such as 8.5.2, of TensorRT-RTX such as RTX 1.7.",
    }),
    powerMode: z.string(),
    chosen: Candidate.nullable(),
    reason: z.string(),
    candidates: z.array(Candidate),
    layers: z.array(PlannedLayer),
    usage: Usage,
    admissions: z.array(Admission),
    memoryMib: Interval.nullable(),
    buildMinutes: Interval.nullable(),
    diagnostics: z.array(Diagnostic),
    restsOn: z.array(z.string()),
  })
  .meta({ description: "What will run where on a module, how fast, and why." });
export type Plan = z.infer<typeof Plan>;
