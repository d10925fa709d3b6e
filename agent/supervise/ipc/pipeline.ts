import { z } from "zod";
import { MAX_LINES, MAX_ZONES } from "../../../fleet/spec/analytics.ts";
import { Anchors, Decoder, Label, ModelInput } from "../../../fleet/spec/model.ts";
import { Digest, Name } from "../../../fleet/spec/names.ts";
import {
  MAX_REGIONS,
  MAX_SOURCES,
  RtspTransport,
  TrackAlgorithm,
} from "../../../fleet/spec/pipeline.ts";
import { MAX_SECONDARY } from "../../../fleet/spec/secondary.ts";
import type {
  NativeAnalytics,
  NativeLoadTimes,
  NativeModelOptions,
  NativeModelSwap,
  NativePipelineOptions,
  NativeSecondary,
  NativeSource,
} from "../../../native/binding/api.ts";

export const ModelOptions = z.object({
  /** Digest of the version that is put to work: results carry it, so that they are told from those of any other. */
  id: Digest,
  path: z.string().min(1),
  /** Of the file: the runner loads these bytes or none. */
  digest: Digest,
  labels: z.array(Label).min(1),
  decoder: Decoder,
  /** Of decoder library: these bytes or none. */
  library: z.object({ path: z.string().min(1), digest: Digest }).optional(),
  input: ModelInput.optional(),
  anchors: Anchors.optional(),
  minScore: z.number().min(0).max(1),
  nmsIou: z.number().min(0).max(1),
  backendPath: z.string().min(1),
  /** Empty: the backend finds it by itself. */
  runtimePath: z.string(),
  threads: z.number().int().positive(),
  /** Accelerators that share the frames; absent: the backend's first alone. */
  lanes: z
    .array(
      z.object({
        accelerator: z.string().min(1),
        path: z.string().min(1),
        digest: Digest,
        precision: z.string().min(1),
      }),
    )
    .min(1)
    .optional(),
  preprocess: z.enum(["cpu", "cuda", "vic"]).optional(),
}) satisfies z.ZodType<NativeModelOptions>;
export type ModelOptions = z.infer<typeof ModelOptions>;

const SourceOptions = z.object({
  name: Name,
  uri: z.string().min(1),
  transport: RtspTransport.optional(),
  loop: z.boolean(),
  timeoutMs: z.number().int().positive(),
  stallTimeoutMs: z.number().int().positive().optional(),
  regions: z
    .array(z.object({ left: z.number(), top: z.number(), width: z.number(), height: z.number() }))
    .max(MAX_REGIONS)
    .optional(),
  tls: z.object({ caFile: z.string().optional(), fingerprint: z.string().optional() }).optional(),
}) satisfies z.ZodType<NativeSource>;
export type SourceOptions = z.infer<typeof SourceOptions>;

/** Sources that leave a running pipeline, and those that come to it after that. At least one stays. */
export const SourcesChange = z.object({
  remove: z.array(Name).max(MAX_SOURCES),
  add: z.array(SourceOptions).max(MAX_SOURCES),
});
export type SourcesChange = z.infer<typeof SourcesChange>;

const Place = z.object({
  name: Name,
  source: Name.optional(),
  margin: z.number().optional(),
  labels: z.array(Label).optional(),
  minScore: z.number().optional(),
  minSize: z.number().optional(),
  maxSize: z.number().optional(),
});

/** Checked as AnalyticsSpec already; the native runtime looks once more. */
const AnalyticsOptions = z.object({
  lines: z
    .array(Place.extend({ from: z.array(z.number()), to: z.array(z.number()) }))
    .max(MAX_LINES),
  zones: z
    .array(Place.extend({ points: z.array(z.number()), minDwellMs: z.number().optional() }))
    .max(MAX_ZONES),
  updateMs: z.number().optional(),
}) satisfies z.ZodType<NativeAnalytics>;

/** Checked as SecondarySpec already; the native runtime looks once more. */
const SecondaryOptions = z.object({
  name: Name,
  model: ModelOptions,
  labels: z.array(Label).optional(),
  minScore: z.number().min(0).max(1),
  minHeight: z.number().min(0).max(1),
  refreshMs: z.number().positive().optional(),
}) satisfies z.ZodType<NativeSecondary>;
export type SecondaryOptions = z.infer<typeof SecondaryOptions>;

export const PipelineOptions = z.object({
  name: z.string().min(1),
  sources: z.array(SourceOptions).min(1).max(MAX_SOURCES),
  model: ModelOptions,
  track: z.object({ algorithm: TrackAlgorithm }).nullable(),
  detectInterval: z.number().int().positive().optional(),
  analytics: AnalyticsOptions.optional(),
  secondary: z.array(SecondaryOptions).max(MAX_SECONDARY).optional(),
  motion: z.object({ threshold: z.number(), keepAliveMs: z.number() }).optional(),
  statsIntervalMs: z.number().int().positive(),
  batchMs: z.number().int().positive(),
}) satisfies z.ZodType<NativePipelineOptions>;
export type PipelineOptions = z.infer<typeof PipelineOptions>;

export const LoadTimes = z.object({
  loadMs: z.number(),
  warmMs: z.number(),
}) satisfies z.ZodType<NativeLoadTimes>;

export const ModelSwap = LoadTimes.extend({
  firstIndex: z.number().nullable(),
  firstSourceFrame: z.number().nullable(),
  lastIndex: z.number().nullable(),
  lastSourceFrame: z.number().nullable(),
  gapMs: z.number().nullable(),
}) satisfies z.ZodType<NativeModelSwap>;
export type ModelSwap = z.infer<typeof ModelSwap>;
