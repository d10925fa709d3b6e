import type { Shown } from "../../../cli/render/overlay.ts";
import type { BudgetNow, ReportedPipeline } from "../../../fleet/contract/index.ts";
import type { ShownDesired } from "../../../fleet/deploy/index.ts";
import type { BudgetSpec, PipelineSpec, PlanSummary } from "../../../fleet/spec/index.ts";
import {
  buildView,
  type FleetMessage,
  FleetView,
  NOTHING_HEARD,
  reduce,
} from "../../../fleet/view/index.ts";
import { MODEL_DIGEST, reportedOf, statsOf } from "./synthetic-device.ts";
import { withTruth } from "./truth-report.ts";

/** A plan as the provider keeps it; tests change what they are about. */
export const PLAN: PlanSummary = {
  verdict: "runs",
  summary: "Jetson AGX Xavier in FP16: 4.8 to 10.4 ms, 96 to 210 fps; gpu is the fastest",
  modelDigest: MODEL_DIGEST,
  jetpack: "5.1.2",
  powerMode: "MAXN",
  accelerator: "gpu",
  precision: "fp16",
  estimatedFps: { low: 96, mid: 140, high: 210 },
  latencyMs: { low: 4.8, mid: 7.1, high: 10.4 },
  engineMemoryBytes: 48 * 2 ** 20,
  basis: ["factors fitted on published figures"],
};

export const REFUSED: PlanSummary = {
  verdict: "refused",
  summary: "TensorRT 8.5 has no layer for QLinearConv",
  modelDigest: MODEL_DIGEST,
  basis: [],
};

export const ABSENT: PlanSummary = {
  verdict: "absent",
  summary: "no plan: the model's file was not checked in this run",
  basis: [],
};

export interface Asked {
  plan?: PlanSummary;
  budget?: BudgetSpec;
}

export const MODEL = {
  name: "scene",
  digest: MODEL_DIGEST,
  sizeBytes: 1,
  labels: ["person"],
  decoder: "yolox" as const,
};

/** The pipeline `entrance` as an operator asked it of a device. */
export function entranceOf({ budget }: Asked): PipelineSpec {
  return {
    name: "entrance",
    sources: { cam: { uri: "rtsp://cam/1", transport: "tcp", loop: false } },
    detect: { model: "scene", minScore: 0.4, nmsIou: 0.45 },
    sinks: { mqtt: {} },
    ...(budget && { budget }),
  };
}

/** What a device is asked to run, with the plan kept beside it. */
function desiredOf(asked: Asked): ShownDesired {
  return {
    generation: 1,
    issuedAtMs: Date.now(),
    pipelines: [{ spec: entranceOf(asked), model: MODEL }],
    plans: asked.plan ? { entrance: asked.plan } : {},
  };
}

export interface Told extends Asked {
  /** Rates of one second after the other, the last one now; a single second by default. */
  fps?: readonly number[];
  /** What the device says that it does for the budget. */
  action?: BudgetNow;
  simulated?: boolean;
  runsOn?: ReportedPipeline["runsOn"];
  modelDigest?: string;
}

/** The view after each device was heard on all its channels. */
export function viewOf(devices: Record<string, Told>, nowMs: number): Shown {
  const facts = Object.entries(devices)
    .flatMap(([device, told]) => messagesOf(device, told, nowMs))
    .reduce(reduce, NOTHING_HEARD);
  const hub = {
    httpUrl: "http://127.0.0.1:4000",
    connected: true,
    invalidMessages: 0,
    unknownValues: 0,
    eventsError: null,
  };
  const context = { fleet: "demo", hub, nowMs, monotonicMs: nowMs, listeningSinceMs: 0 };
  return withTruth(FleetView.parse(buildView(facts, context)));
}

function messagesOf(device: string, told: Told, nowMs: number): FleetMessage[] {
  const { fps = [15], simulated = true, runsOn, modelDigest, action } = told;
  const presence = { online: true, bootId: "boot", seq: 1, atMs: nowMs };
  const reported = reportedOf(device);
  reported.board.simulated = simulated;
  reported.pipelines = reported.pipelines.map((one) => ({
    ...one,
    model: { ...one.model, digest: modelDigest ?? one.model.digest },
    runsOn: runsOn ?? one.runsOn,
  }));
  return [
    { type: "presence", device, message: presence, atMs: nowMs },
    { type: "desired", device, message: desiredOf(told), atMs: nowMs },
    { type: "reported", device, message: reported, atMs: nowMs },
    ...fps.map((rate, at): FleetMessage => {
      const stats = statsOf(at);
      const pipelines = stats.pipelines.map((one) => ({
        ...{ ...one, fps: rate },
        ...(action && { budget: action }),
      }));
      const atMs = nowMs - 1000 * (fps.length - 1 - at);
      return { type: "stats", device, message: { ...stats, pipelines }, atMs };
    }),
  ];
}
