import { z } from "zod";
import { type TruthReport, TruthRun, TruthSwap } from "../sim/truth/report.ts";

/** The keeper writes every two seconds; an older report is not shown as if it were now. */
export const TRUTH_FRESH_MS = 15_000;

/** What is known of the truth keeper's report; null: nobody keeps the truth of this fleet's cameras. */
export type TruthFact =
  | { kind: "report"; report: TruthReport }
  | { kind: "absent" }
  | { kind: "unreadable" }
  | null;

export const TruthState = z
  .object({
    state: z.enum(["current", "stale", "absent", "unreadable"]),
    reportAgeMs: z.number().nullable(),
    seed: z.number().int().nullable().meta({ description: "Of the scene that is shown." }),
  })
  .meta({
    description: "Whether the figures below are kept; figures are left out unless current.",
  });
export type TruthState = z.infer<typeof TruthState>;

export const TruthFigures = TruthRun.omit({ device: true, pipeline: true });
export type TruthFigures = z.infer<typeof TruthFigures>;

export const PipelineTruth = z
  .object({
    now: TruthFigures.nullable().meta({ description: "Of the model that the device reports." }),
    before: TruthFigures.nullable().meta({ description: "Of the model before it." }),
    swaps: z.array(TruthSwap.omit({ device: true, pipeline: true })).meta({
      description: "Changes of the model, told from the frame numbers alone; oldest first.",
    }),
  })
  .meta({
    description: "The pipeline's detections against what the simulated camera really showed.",
  });
export type PipelineTruth = z.infer<typeof PipelineTruth>;

export function truthState(fact: TruthFact, nowMs: number): TruthState | null {
  if (fact === null) return null;
  if (fact.kind !== "report") return { state: fact.kind, reportAgeMs: null, seed: null };
  const { atMs, seed } = fact.report;
  const reportAgeMs = Math.max(0, nowMs - atMs);
  return { state: reportAgeMs <= TRUTH_FRESH_MS ? "current" : "stale", reportAgeMs, seed };
}

/** What the report says of one pipeline; null when there is no current report. */
export function pipelineTruth(
  fact: TruthFact,
  at: { device: string; pipeline: string; modelDigest: string | null; nowMs: number },
): PipelineTruth | null {
  if (fact?.kind !== "report" || truthState(fact, at.nowMs)?.state !== "current") return null;
  const isOwn = (row: { device: string; pipeline: string }): boolean =>
    row.device === at.device && row.pipeline === at.pipeline;
  const runs = fact.report.runs.filter(isOwn).map(withoutPlace);
  return {
    now: runs.find(({ modelDigest }) => modelDigest === at.modelDigest) ?? null,
    before: runs.findLast(({ modelDigest }) => modelDigest !== at.modelDigest) ?? null,
    swaps: fact.report.swaps.filter(isOwn).map(withoutPlace),
  };
}

function withoutPlace<Row extends { device: string; pipeline: string }>(
  row: Row,
): Omit<Row, "device" | "pipeline"> {
  const { device: _device, pipeline: _pipeline, ...rest } = row;
  return rest;
}
