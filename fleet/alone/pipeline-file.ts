import { z } from "zod";
import { FleetError } from "../errors/index.ts";
import {
  AnalyticsSpec,
  BudgetSpec,
  checkDetect,
  Decoder,
  DetectSpec,
  ModelSpec,
  Name,
  SourceSpec,
  secondariesOf,
  sourcesOf,
  TrackSpec,
} from "../spec/index.ts";
import { FileSecondary } from "./secondary.ts";

/** A pipeline in a file of its own, in the words of a program: model, sources, detect, track, secondary, analytics, budget. */
export const PipelineFile = z
  .strictObject({
    name: Name.optional(),
    // Nothing is tried before it runs, so that the decoder is named, or this one.
    model: ModelSpec.pick({ source: true, labels: true }).extend({
      decoder: Decoder.default("yolox"),
    }),
    sources: sourcesOf(SourceSpec.omit({ video: true })),
    detect: DetectSpec.prefault({}),
    track: TrackSpec.optional(),
    secondary: secondariesOf(FileSecondary).optional(),
    analytics: AnalyticsSpec.optional(),
    budget: BudgetSpec.optional(),
  })
  .superRefine((file, context) => checkDetect(file, Object.keys(file.sources), context));
export type PipelineFile = z.infer<typeof PipelineFile>;

/** Throws SPEC_INVALID that names every key which is not as it must be. */
export function parsePipelineFile(content: unknown, file: string): PipelineFile {
  const parsed = PipelineFile.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join(".") || "the file"}: ${message}`,
  );
  throw new FleetError("SPEC_INVALID", `Cannot run ${file}: ${problems.join("; ")}`);
}
