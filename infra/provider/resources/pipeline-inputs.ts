import { z } from "zod";
import { Owner } from "../../../fleet/hub/client/index.ts";
import {
  checkDetect,
  DetectSpec,
  ModelManifest,
  PipelineSpec,
  PlanSummary,
  SecondarySpec,
  secondariesOf,
} from "../../../fleet/spec/index.ts";
import { HubMark } from "../release/hub-mark.ts";
import { Released } from "../release/parts.ts";
import { ScopeInput } from "../release/scope.ts";
import { type Properties, reveal } from "../rpc/values.ts";
import { DeviceFacts } from "./device/facts.ts";

/** A pipeline as a program declares it: with its device, and the model itself in place of its name. */
export const PipelineInputs = z
  .strictObject({
    ...PipelineSpec.shape,
    sources: PipelineSpec.shape.sources.meta({
      description:
        "Sources by name, 1 to 16. All meet the same model, frames of several in one batch; each has its own tracker, and where one is lost the others go on.",
    }),
    device: DeviceFacts,
    detect: DetectSpec.extend({
      model: ModelManifest.meta({ description: "Manifest of the model, an output of Model." }),
    }).meta({ title: "Detect", description: "Object detection." }),
    secondary: secondariesOf(
      SecondarySpec.extend({
        model: ModelManifest.meta({
          description: "Manifest of a model of decoder classification or reid, an output of Model.",
        }),
      }).meta({ ...SecondarySpec.meta() }),
    )
      .optional()
      .meta({
        description:
          "Second models by name, 1 to 4, which look at what the tracker follows; results tell their answers by these names.",
      }),
    scope: ScopeInput.optional(),
  })
  .superRefine((spec, context) => checkDetect(spec, Object.keys(spec.sources), context));
export type PipelineInputs = z.infer<typeof PipelineInputs>;

export const PipelineState = z.object({
  specDigest: z.string().meta({ description: "Names this version of the pipeline and its model." }),
  released: Released.optional().meta({
    description:
      "The signed parts, by digest and number; absent until a version with parts releases it.",
  }),
  certifiedUntil: z.string().optional().meta({
    description: "Until when the hub may compose what the device runs; any `up` renews it in time.",
  }),
  owner: Owner.optional().meta({
    description: "As whose the hub has it; absent until a version that keeps it deploys it.",
  }),
  hub: HubMark,
  state: z.string().meta({
    description:
      "running, starting, failed, stopped; absent or changed when it is not what was deployed; unreachable when " +
      "its device has yet to hear of it.",
  }),
  plan: PlanSummary.optional(),
});

/**
 * The inputs that are outputs as well. Sources are none: Pulumi's SDK writes what a resource gives into its debug log,
 * secret or not, and a camera's URI may hold its password.
 */
export function shownInputs({ sources: _, ...shown }: Properties): Properties {
  return shown;
}

/** The pipeline as declared, without what check adds to the inputs. */
export function parseInputs(inputs: Properties): PipelineInputs {
  return z.object(PipelineInputs.shape).parse(reveal(inputs));
}

/** The parts that were signed last, by the state; null when that is not known. */
export function lastReleased(state: Properties): Released | null {
  return Released.safeParse(reveal(state["released"] ?? null)).data ?? null;
}

/** As whose the hub has the pipeline by the state; null in one from before that was kept. */
export function ownerIn(state: Properties): Owner | null {
  return Owner.safeParse(reveal(state["owner"] ?? null)).data ?? null;
}
