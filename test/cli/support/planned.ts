import type { Desired } from "../../../fleet/contract/index.ts";
import type { BudgetSpec, PlanSummary } from "../../../fleet/spec/index.ts";
import { MODEL_DIGEST } from "./synthetic-device.ts";

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

/** What an operator asked of a device with the pipeline `entrance`, with the plan kept beside it. */
export function desiredOf(device: string, { plan, budget }: Asked = {}, generation = 1): Desired {
  return {
    contract: 1,
    fleet: "demo",
    device,
    generation,
    issuedAtMs: Date.now(),
    board: "agx-xavier",
    artifactUrl: "http://hub",
    setDigest: `sha256:${"7".repeat(64)}`,
    models: [],
    pipelines: [
      {
        name: "entrance",
        sources: { cam: { uri: "rtsp://cam/1", transport: "tcp", loop: false } },
        detect: { model: "scene", minScore: 0.4, nmsIou: 0.45 },
        sinks: { mqtt: {} },
        ...(budget && { budget }),
      },
    ],
    ...(plan && { plans: { entrance: plan } }),
  };
}
