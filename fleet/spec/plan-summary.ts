import { z } from "zod";
import { Digest } from "./names.ts";

const Band = z.object({ low: z.number(), mid: z.number(), high: z.number() });

/** The plan as it stands in the outputs of a pipeline: figures and reasons, without the single layers. */
export const PlanSummary = z
  .object({
    verdict: z
      .enum(["runs", "refused", "absent"])
      .meta({ description: "Whether the board can run it; absent when there is no plan." }),
    demand: z.enum(["met", "missed", "unknown"]).optional().meta({
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
        dla: z.number().int(),
        gpu: z.number().int(),
        fallbackReasons: z.array(z.string()),
      })
      .optional()
      .meta({ description: "Layers per device, and the main reasons why not on DLA." }),
    buildMinutes: z
      .object({ low: z.number(), high: z.number() })
      .optional()
      .meta({ description: "Minutes that building the engine may take." }),
    warnings: z.array(z.string()).optional().meta({
      description: "What to know before relying on it, such as demands that may not be met.",
    }),
    basis: z.array(z.string()).meta({ description: "What the estimate rests on." }),
  })
  .meta({ description: "What the model will do on the silicon of the device." });
export type PlanSummary = z.infer<typeof PlanSummary>;
