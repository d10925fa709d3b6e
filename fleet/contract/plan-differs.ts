import { z } from "zod";
import { Digest } from "../spec/index.ts";
import { Text } from "../text/index.ts";
import { Count } from "./part-ref.ts";

/** Kind of the events that tell where a device and its plan are not at one. */
export const PLAN_DIFFERS = "plan-differs";

/** More are counted. */
export const MAX_LAYER_DIFFERENCES = 16;

/** One layer of an engine that is not as planned. */
export const LayerDifference = z.object({
  /** Node of the model where a place differs; else the builder's own name, which may be of several nodes. */
  layer: Text.max(200),
  what: z.enum(["place", "precision", "ms"]),
  planned: Text.max(64),
  measured: Text.max(64),
});
export type LayerDifference = z.infer<typeof LayerDifference>;

/** What a builder made of a model, held against the plan layer by layer. */
export const LayersBesidePlan = z.object({
  /** Nodes of the plan of which the builder says where they are. */
  compared: Count,
  /** Nodes of which it says nothing: folded away, or fused under another name. */
  silent: Count,
  /** Layers of the builder that are no node, such as reformats: nothing is planned of them. */
  unmatched: Count,
  /** Layers whose precision is told, and whose time was measured and can be held against a planned one. */
  precisions: Count,
  timed: Count,
  differences: z.array(LayerDifference).max(MAX_LAYER_DIFFERENCES),
  /** Differences beside those. */
  more: Count,
});
export type LayersBesidePlan = z.infer<typeof LayersBesidePlan>;

/** `data` of events of kind `plan-differs`, which `jetfleet plan --observed` reads. */
export const PlanDiffersData = z.object({
  what: z.enum(["place", "buildMinutes", "inferenceMs", "layers"]),
  planned: Text,
  measured: Text,
  model: Digest,
  /** What the plan was made for; absent where it did not say. */
  module: Text.optional(),
  jetpack: Text.optional(),
  powerMode: Text.optional(),
  accelerator: Text.optional(),
  precision: Text.optional(),
  layers: LayersBesidePlan.optional(),
});
export type PlanDiffersData = z.infer<typeof PlanDiffersData>;
