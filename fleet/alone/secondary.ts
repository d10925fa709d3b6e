import { z } from "zod";
import { Decoder, Label, ModelInput, ModelSpec, SecondarySpec } from "../spec/index.ts";

/** A vector has no class; what the runtime calls it nobody sees. */
const ANY_LABEL = ["object"];

const Answers = z.strictObject({
  /** Of a classifier, in its order. */
  labels: z.array(Label).min(1).max(1000).default(ANY_LABEL),
  // Nothing is tried before it runs, so that the decoder is named, or this one.
  decoder: Decoder.default("classification"),
  input: ModelInput.optional(),
});

/** A secondary model in a pipeline's file, which has the model itself and not its name. */
export const FileSecondary = SecondarySpec.extend({
  model: Answers.extend({ source: ModelSpec.shape.source }),
});
export type FileSecondary = z.infer<typeof FileSecondary>;

/** The same in an order; the path is absolute. */
export const OrderSecondary = SecondarySpec.extend({
  model: Answers.extend({ path: z.string().min(1) }),
});
export type OrderSecondary = z.infer<typeof OrderSecondary>;
