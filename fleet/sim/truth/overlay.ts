import { z } from "zod";
import type { FleetView } from "../../view/index.ts";
import { type TruthReport, TruthRun, TruthSwap } from "./report.ts";

/** The keeper writes every two seconds; an older report is not shown as if it were now. */
export const TRUTH_FRESH_MS = 15_000;

/** What is known of the truth keeper's report. */
export type TruthFact =
  | { kind: "report"; report: TruthReport }
  | { kind: "absent" }
  | { kind: "unreadable" };

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

/** What `status --json` of the demo holds under `overlays.truth`. */
export const TruthOverlay = TruthState.extend({
  pipelines: z.array(PipelineTruth.extend({ device: z.string(), pipeline: z.string() })),
});
export type TruthOverlay = z.infer<typeof TruthOverlay>;

/** Pure: lays the keeper's report over what the devices say. */
export function truthOverlay(fact: TruthFact, view: FleetView): TruthOverlay {
  const state = truthState(fact, view.generatedAtMs);
  const report = fact.kind === "report" && state.state === "current" ? fact.report : null;
  const pipelines = view.devices.flatMap((device) =>
    device.pipelines.map(({ name, model }) => ({
      device: device.name,
      pipeline: name,
      ...pipelineTruth(report, device.name, name, model?.digest ?? null),
    })),
  );
  return { ...state, pipelines };
}

function truthState(fact: TruthFact, nowMs: number): TruthState {
  if (fact.kind !== "report") return { state: fact.kind, reportAgeMs: null, seed: null };
  const { atMs, seed } = fact.report;
  const reportAgeMs = Math.max(0, nowMs - atMs);
  return { state: reportAgeMs <= TRUTH_FRESH_MS ? "current" : "stale", reportAgeMs, seed };
}

function pipelineTruth(
  report: TruthReport | null,
  device: string,
  pipeline: string,
  modelDigest: string | null,
): PipelineTruth {
  const isOwn = (row: { device: string; pipeline: string }): boolean =>
    row.device === device && row.pipeline === pipeline;
  const runs = (report?.runs ?? []).filter(isOwn).map(withoutPlace);
  return {
    now: runs.find((run) => run.modelDigest === modelDigest) ?? null,
    before: runs.findLast((run) => run.modelDigest !== modelDigest) ?? null,
    swaps: (report?.swaps ?? []).filter(isOwn).map(withoutPlace),
  };
}

/** What is known of one pipeline; null when there is no such pipeline. */
export function truthOf(
  overlay: TruthOverlay | null,
  device: string,
  pipeline: string,
): PipelineTruth | null {
  const isOwn = (one: { device: string; pipeline: string }): boolean =>
    one.device === device && one.pipeline === pipeline;
  return overlay?.pipelines.find(isOwn) ?? null;
}

function withoutPlace<Row extends { device: string; pipeline: string }>(
  row: Row,
): Omit<Row, "device" | "pipeline"> {
  const { device: _device, pipeline: _pipeline, ...rest } = row;
  return rest;
}
