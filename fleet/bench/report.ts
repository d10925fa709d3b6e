import { z } from "zod";

/** Where a model may be measured; the device says which it has. */
export const BenchAccelerator = z.enum(["cpu", "gpu", "dla0", "dla1"]);
export type BenchAccelerator = z.infer<typeof BenchAccelerator>;

/** As trtexec: 200 ms to warm up, at least 3 s and 10 runs. */
export const BENCH_DEFAULTS = { warmUpMs: 200, durationMs: 3000, leastRuns: 10 } as const;

export const BenchOrder = z.strictObject({
  model: z.string().min(1),
  accelerator: BenchAccelerator.default("cpu"),
  precision: z.enum(["fp32", "fp16", "int8"]).optional(),
  /** Pictures of one run; absent: as the model is. */
  batch: z.number().int().min(1).max(1024).optional(),
  threads: z.number().int().min(1).max(64).default(1),
  warmUpMs: z.number().int().min(0).max(600_000).default(BENCH_DEFAULTS.warmUpMs),
  durationMs: z.number().int().min(10).max(600_000).default(BENCH_DEFAULTS.durationMs),
  layers: z.boolean().default(false),
});
export type BenchOrder = z.infer<typeof BenchOrder>;

const ms = z.number().nonnegative();

export const BenchLayer = z.object({
  name: z.string(),
  type: z.string().nullable(),
  /** cpu, gpu or dla; null where the library does not say. */
  place: z.string().nullable(),
  /** Mean of one run, and its share of all layers; null where the library does not measure. */
  ms: ms.nullable(),
  share: z.number().min(0).max(1).nullable(),
});
export type BenchLayer = z.infer<typeof BenchLayer>;

/** The state of the machine while it was measured; null is unknown, never "as it should be". */
export const ClockFacts = z.object({
  powerMode: z.string().nullable().meta({ description: "As nvpmodel names it." }),
  fanProfile: z.string().nullable().default(null).meta({ description: "That the fan follows." }),
  cpuGovernors: z.array(z.string()).nullable(),
  cpuMhz: z
    .object({ lowest: z.number(), highest: z.number(), limit: z.number().nullable() })
    .nullable(),
  gpuMhz: z.object({ now: z.number(), limit: z.number().nullable() }).nullable(),
  locked: z.boolean().nullable().meta({
    description:
      "Whether clocks stand at their limit (jetson_clocks, or the performance governor): lowest is highest.",
  }),
  /** Of the system, over the last minute. */
  load: z.number().nullable(),
});
export type ClockFacts = z.infer<typeof ClockFacts>;

export const BenchReport = z
  .object({
    schema: z.literal(1),
    board: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: "Address of the board that measured; null: this machine." }),
    model: z.object({ path: z.string(), digest: z.string(), sizeBytes: z.number() }),
    backend: z.object({ name: z.string(), version: z.string(), path: z.string() }),
    accelerator: z.string(),
    precision: z.string().nullable().meta({ description: "Null: as the model is." }),
    batch: z.number().int().positive(),
    threads: z.number().int().nullable(),
    latencyMs: z
      .object({ min: ms, max: ms, mean: ms, median: ms, p90: ms, p95: ms, p99: ms })
      .meta({
        description:
          "Of one run with no other in flight: inputs to the accelerator, computing, outputs to the host.",
      }),
    latencyRuns: z.number().int().positive(),
    throughput: z.object({ runsPerSecond: z.number(), picturesPerSecond: z.number() }).meta({
      description: "Runs over the host's time for all of them, with `inFlight` of them in flight.",
    }),
    throughputRuns: z.number().int().positive(),
    inFlight: z.number().int().positive(),
    warmUpMs: ms,
    layers: z.array(BenchLayer).nullable(),
    noLayers: z.string().nullable().meta({ description: "Why there are none, when asked." }),
    clocks: ClockFacts,
    at: z.string(),
  })
  .meta({ description: "A model alone, measured." });
export type BenchReport = z.infer<typeof BenchReport>;

/** What the agent says on its standard output. */
export const BenchAnswer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("report"), report: BenchReport }),
  z.object({
    type: z.literal("error"),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
  }),
]);
export type BenchAnswer = z.infer<typeof BenchAnswer>;
