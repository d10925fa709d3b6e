import type { Layer } from "../layers/index.ts";
import type { Interval } from "../plan-schema.ts";
import { BYTES, type Precision } from "./hardware.ts";

const MIB = 2 ** 20;
// CUDA context and TensorRT's libraries on a Jetson; common knowledge, not confirmed by a source.
const CONTEXT_MIB = { low: 200, expected: 400, high: 900 };

/** Memory of one engine: weights, what is live at once between layers, workspace and the CUDA context. */
export function estimateMemory(layers: readonly Layer[], precision: Precision): Interval {
  const bytes = BYTES[precision];
  const weights = layers.reduce((sum, { weightElements }) => sum + weightElements, 0) * bytes;
  const live = peakLiveElements(layers) * bytes;
  return {
    low: (weights + live) / MIB + CONTEXT_MIB.low,
    expected: (weights * 1.2 + live * 1.5) / MIB + CONTEXT_MIB.expected,
    // Tactics may keep weights twice (reordered) and take a workspace as large as the activations.
    high: (weights * 2 + live * 3) / MIB + CONTEXT_MIB.high,
  };
}

/** Most elements that wait for a later layer at any one time. */
export function peakLiveElements(layers: readonly Layer[]): number {
  const lastUse = new Map<string, number>();
  for (const { inputs, index } of layers) for (const { name } of inputs) lastUse.set(name, index);
  const endings = new Map<number, number>();
  let [live, peak] = [0, 0];
  for (const { outputs, index } of layers) {
    for (const { name, dims } of outputs) {
      const elements = dims.reduce((all, dim) => all * Math.max(1, dim), 1);
      const until = lastUse.get(name) ?? layers.length;
      live += elements;
      endings.set(until, (endings.get(until) ?? 0) + elements);
    }
    peak = Math.max(peak, live);
    live -= endings.get(index) ?? 0;
  }
  return peak;
}
