import { z } from "zod";
import { BenchAccelerator } from "../bench/index.ts";
import {
  AnalyticsSpec,
  BudgetSpec,
  checkDetect,
  Decoder,
  DetectSpec,
  Label,
  MAX_SOURCES,
  Name,
  SourceSpec,
  secondariesOf,
  TrackSpec,
} from "../spec/index.ts";
import { OrderSecondary } from "./secondary.ts";

/** Where a model runs; `auto` is the GPU where a backend finds one, else the CPU. */
export const AloneAccelerator = z.enum(["auto", ...BenchAccelerator.options]);
export type AloneAccelerator = z.infer<typeof AloneAccelerator>;

const AloneSource = SourceSpec.omit({ video: true }).extend({
  /** Of several, each has its own. */
  name: Name,
  /** A file's pictures come at the pace of their time stamps, not as fast as they are taken. */
  realtime: z.boolean().default(false),
});

/** A pipeline that an agent runs for one person and no fleet. Paths are absolute, on the machine that runs it. */
export const AloneOrder = z
  .strictObject({
    name: Name,
    sources: z.array(AloneSource).min(1).max(MAX_SOURCES),
    model: z.strictObject({
      path: z.string().min(1),
      labels: z.array(Label).min(1).max(1000),
      decoder: Decoder.default("yolox"),
    }),
    detect: DetectSpec.pick({
      minScore: true,
      nmsIou: true,
      preprocess: true,
      interval: true,
      regions: true,
      motion: true,
    }).extend({
      accelerator: AloneAccelerator.default("auto"),
      /** Of an engine for GPU or DLA; absent: FP16. */
      precision: z.enum(["fp32", "fp16", "int8"]).optional(),
    }),
    /** Null: no tracker. */
    track: TrackSpec.nullable().default(null),
    secondary: secondariesOf(OrderSecondary).optional(),
    analytics: AnalyticsSpec.optional(),
    budget: BudgetSpec.optional(),
    /** Threads of one inference on the CPU. */
    threads: z.number().int().min(1).max(64).default(1),
    /** Ends after so many frames, of all sources; absent: when the last source ends. */
    frames: z.number().int().min(1).optional(),
  })
  .superRefine((order, context) =>
    checkDetect(
      order,
      order.sources.map(({ name }) => name),
      context,
    ),
  );
export type AloneOrder = z.infer<typeof AloneOrder>;
