import { z } from "zod";
import { SelfTestFigures } from "../../../fleet/contract/index.ts";
import { Anchors, Decoder, ModelInput } from "../../../fleet/spec/model.ts";
import { Digest } from "../../../fleet/spec/names.ts";

/** What is run on golden pictures (fleet/engine): an engine, or a model as it is. */
export const GoldenSubject = z.object({
  path: z.string().min(1),
  /** Of the file: these bytes are loaded or none. */
  digest: Digest,
  /** Whose golden pictures. */
  model: Digest,
  decoder: Decoder,
  input: ModelInput.optional(),
  anchors: Anchors.optional(),
  labelCount: z.number().int().min(1).max(1000),
  backendPath: z.string().min(1),
  runtimePath: z.string(),
  accelerator: z.string().min(1),
  threads: z.number().int().positive(),
});
export type GoldenSubject = z.infer<typeof GoldenSubject>;

/** What an engine found, and what its model as it is did; null: nobody here can run that. */
export const GoldenFigures = z.object({
  engine: SelfTestFigures,
  reference: SelfTestFigures.nullable(),
});
export type GoldenFigures = z.infer<typeof GoldenFigures>;

/** What a builder needs to try the engine that it built. */
export const GoldenWish = GoldenSubject.pick({
  decoder: true,
  input: true,
  anchors: true,
  labelCount: true,
}).extend({
  /** What runs the model as it is; null: no measure for this engine. */
  reference: GoldenSubject.pick({ backendPath: true, runtimePath: true, threads: true }).nullable(),
});
export type GoldenWish = z.infer<typeof GoldenWish>;
