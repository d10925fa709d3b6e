import { z } from "zod";
import { Anchors, Decoder, ModelInput } from "../spec/index.ts";

/** What an agent is asked to try a model as, before it is put to work. */
export const TrialOrder = z.strictObject({
  /** Path of the model's file, and "sha256:…" of it: these bytes are tried or none. */
  model: z.string().min(1),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  labelCount: z.number().int().min(1).max(1000),
  /** auto: the one that fits. */
  decoder: z.union([Decoder, z.literal("auto")]),
  /** Of decoder library: these bytes or none. */
  library: z
    .strictObject({ path: z.string().min(1), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })
    .optional(),
  input: ModelInput.optional(),
  anchors: Anchors.optional(),
});
export type TrialOrder = z.infer<typeof TrialOrder>;

/** What came of it. `reason` says why a decoder was chosen, and is empty where it was named. */
export const TrialAnswer = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("tried"),
    decoder: Decoder,
    reason: z.string().max(20_000),
    /** Of the model's picture. */
    input: z.object({ width: z.number().int(), height: z.number().int() }),
    loadMs: z.number(),
    warmMs: z.number(),
  }),
  z.object({
    type: z.literal("refused"),
    code: z.string().max(64),
    message: z.string().max(50_000),
  }),
]);
export type TrialAnswer = z.infer<typeof TrialAnswer>;
