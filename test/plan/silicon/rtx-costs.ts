import { placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import { estimateEngine } from "../../../fleet/plan/estimate/engine.ts";
import { rtxMemory } from "../../../fleet/plan/estimate/rtx-memory.ts";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import type { OnnxModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { hardwareFor, NEWEST } from "./compare.ts";
import type { RtxReport } from "./rtx-report.ts";

const MIB = 2 ** 20;

/** Natural logarithms of what an engine has over what we reckon, without the spreads that were fitted. */
export interface Costs {
  model: string;
  arch: "turing" | "ada";
  weights: number;
  activations: number;
  secondsPerProduct: number;
}

export function costsOf(report: RtxReport, model: OnnxModel): Costs {
  const { precision, board, buildSeconds, weightsBytes, activationBytes } = report;
  const hardware = hardwareFor(board);
  const { layers } = mapGraph(inferShapes(model), NEWEST);
  const ours = rtxMemory(layers, { arch: hardware.arch, precision });
  const { matrixKernels } = estimateEngine(placeOnGpu(layers), NEWEST, hardware, precision);
  return {
    model: report.model,
    arch: hardware.arch === "turing" ? "turing" : "ada",
    weights: Math.log(weightsBytes / MIB / ours.weights),
    activations: Math.log(activationBytes / MIB / ours.activations),
    secondsPerProduct: Math.log(buildSeconds / matrixKernels),
  };
}

/** The middle 80 % of logarithms, between neighbours where it falls there, and their middle. */
export function middle(logs: readonly number[]): { low: number; expected: number; high: number } {
  const sorted = [...logs].sort((a, b) => a - b);
  const quantile = (share: number): number => {
    const at = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
    return Math.exp(below + (at % 1) * (above - below));
  };
  return { low: quantile(0.1), expected: quantile(0.5), high: quantile(0.9) };
}
