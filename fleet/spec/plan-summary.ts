import { z } from "zod";
import { Digest } from "./names.ts";

const Band = z
  .object({
    low: z.number().meta({ description: "Lower bound of 80 %." }),
    mid: z.number().meta({ description: "The estimate." }),
    high: z.number().meta({ description: "Upper bound of 80 %." }),
  })
  .meta({ title: "Band", description: "An estimate and its bounds." });

/** The plan as it stands in the outputs of a pipeline: figures and reasons, without the single layers. */
export const PlanSummary = z
  .object({
    verdict: z.enum(["runs", "refused", "absent"]).meta({
      title: "PlanVerdict",
      description: "Whether the board can run it; absent when there is no plan.",
    }),
    demand: z.enum(["met", "missed", "unknown"]).meta({ title: "PlanDemand" }).optional().meta({
      description:
        "Whether what is asked for is met; unknown when nobody can say. Absent when nothing was asked for.",
    }),
    summary: z.string().meta({ description: "The plan, or why there is none, in a sentence." }),
    modelDigest: Digest.optional().meta({ description: "Model that it was made for." }),
    module: z.string().optional().meta({ description: "Module that it was made for." }),
    jetpack: z.string().optional().meta({ description: "JetPack that it was made for." }),
    powerMode: z.string().optional().meta({ description: "Power mode that it was made for." }),
    accelerator: z.string().optional().meta({ description: "gpu, dla0, dla1 or split." }),
    precision: z.string().optional().meta({ description: "fp32, fp16 or int8." }),
    estimatedFps: Band.optional().meta({
      description: "Pictures a second when nothing else runs, with the bounds of 80 %.",
    }),
    latencyMs: Band.optional().meta({
      description: "Milliseconds from frame to result of one inference.",
    }),
    engineMemoryBytes: z.number().int().optional().meta({ description: "Memory of the engine." }),
    layers: z
      .object({
        dla: z.number().int().meta({ description: "Layers on a DLA." }),
        gpu: z.number().int().meta({ description: "Layers on the GPU." }),
        fallbackReasons: z
          .array(z.string())
          .meta({ description: "The main reasons why layers are not on a DLA." }),
      })
      .meta({ title: "PlanLayers" })
      .optional()
      .meta({ description: "Layers per device, and the main reasons why not on DLA." }),
    buildMinutes: z
      .object({
        low: z.number().meta({ description: "At least." }),
        high: z.number().meta({ description: "At most." }),
      })
      .meta({ title: "PlanMinutes" })
      .optional()
      .meta({ description: "Minutes that building the engine may take." }),
    warnings: z.array(z.string()).optional().meta({
      description: "What to know before relying on it, such as demands that may not be met.",
    }),
    basis: z.array(z.string()).meta({ description: "What the estimate rests on." }),
  })
  .meta({
    title: "PlanSummary",
    description: "What the model will do on the silicon of the device.",
  });
export type PlanSummary = z.infer<typeof PlanSummary>;
