import { type PlacedGraph, placeOnDla, placeOnGpu } from "./dla/index.ts";
import {
  type EngineEstimate,
  estimateEngine,
  estimateSplit,
  isCalibrated,
  leastMs,
  perSecond,
  type SplitEstimate,
  withInterval,
} from "./estimate/engine.ts";
import type { Hardware, Precision } from "./estimate/hardware.ts";
import type { Layer } from "./layers/index.ts";
import type { Candidate, Interval } from "./plan-schema.ts";

export interface PlacedCandidate {
  candidate: Candidate;
  placed: PlacedGraph;
  /** Engines that are loaded at once, and launches whose kernels the builder searches for all of them. */
  engines: number;
  matrixKernels: number;
  /** Expected milliseconds of a layer by its index, in the engine that it is placed in; 0 beside another. */
  layerMs: () => Map<number, number>;
}

export interface Setting {
  trt: number;
  hardware: Hardware;
  precision: Precision;
  /** DLA cores that the software can use. */
  dlaCores: number;
  /** Pictures that one inference takes. */
  batch: number;
}

/** How long one inference takes and how often one ends, in milliseconds, and what is busy meanwhile. */
interface Speed {
  latencyMs: number;
  periodMs: number;
  busy: Candidate["busy"];
  engines: number;
  matrixKernels: number;
  layerMs: EngineEstimate["layerMs"];
}

/** Every way to run the layers: on the GPU, on one DLA with the rest on the GPU, and spread over all. */
export function candidatesOf(layers: readonly Layer[], setting: Setting): PlacedCandidate[] {
  const { trt, hardware, precision, dlaCores } = setting;
  const onGpu = placeOnGpu(layers);
  const gpu = estimateEngine(onGpu, trt, hardware, precision);
  const all = [describe("gpu", onGpu, gpuSpeed(gpu), setting)];
  const { dla } = hardware;
  if (!dla || dlaCores === 0 || precision === "fp32") return all;
  const onDla = placeOnDla(layers, { trt, precision, generation: dla.generation });
  if (onDla.placements.every(({ device }) => device === "gpu")) return all;
  const one = estimateEngine(onDla, trt, hardware, precision);
  const cores = (["dla0", "dla1"] as const).slice(0, dlaCores);
  all.push(...cores.map((core) => describe(core, onDla, dlaSpeed(one, core), setting)));
  const split = fastestSplit(gpu, one, dlaCores);
  if (split) all.push(describe("split", onDla, split, setting));
  return all;
}

function gpuSpeed({ ms, matrixKernels, layerMs }: EngineEstimate): Speed {
  const busy = { gpu: ms > 0 ? 1 : 0, dla0: 0, dla1: 0 };
  return { latencyMs: ms, periodMs: ms, busy, engines: 1, matrixKernels, layerMs };
}

function dlaSpeed(engine: EngineEstimate, core: "dla0" | "dla1"): Speed {
  const { ms, gpuMs, dlaMs, matrixKernels, layerMs } = engine;
  const busy = { gpu: gpuMs / ms, dla0: 0, dla1: 0, [core]: dlaMs / ms };
  return { latencyMs: ms, periodMs: ms, busy, engines: 1, matrixKernels, layerMs };
}

/** On as many DLAs as make it fastest; null when any would only slow the GPU down. */
function fastestSplit(gpu: EngineEstimate, dla: EngineEstimate, dlaCores: number): Speed | null {
  const splits = Array.from({ length: dlaCores }, (_, at) => estimateSplit(gpu, dla, at + 1));
  const best = splits.reduce<SplitEstimate | null>(
    (fastest, one) => (one.periodMs < (fastest?.periodMs ?? gpu.ms) ? one : fastest),
    null,
  );
  if (!best) return null;
  const { periodMs, latencyMs, dlaBusy, dlas } = best;
  const busy = { gpu: 1, dla0: dlaBusy, dla1: dlas > 1 ? dlaBusy : 0 };
  const matrixKernels = gpu.matrixKernels + dla.matrixKernels;
  return { periodMs, latencyMs, busy, engines: 1 + dlas, matrixKernels, layerMs: dla.layerMs };
}

function describe(
  accelerator: Candidate["accelerator"],
  placed: PlacedGraph,
  { latencyMs, periodMs, busy, engines, matrixKernels, layerMs }: Speed,
  { hardware, precision, batch }: Setting,
): PlacedCandidate {
  const onDla = placed.placements.map(({ device }) => device === "dla");
  const flops = (keep: (at: number) => boolean): number =>
    placed.layers.reduce((sum, layer) => sum + (keep(layer.index) ? layer.flops : 0), 0);
  const published =
    isCalibrated(hardware, accelerator !== "gpu", precision) &&
    placed.layers.every(({ rounds = 1 }) => rounds === 1);
  const within = (ms: number): Interval => withInterval(ms, published);
  const candidate: Candidate = {
    accelerator,
    precision,
    latencyMs: latencyMs > 0 ? within(latencyMs) : null,
    fps: periodMs > 0 ? perSecond(within(periodMs), batch) : null,
    mostFps: periodMs > 0 ? (1000 * batch) / leastMs(periodMs, published) : null,
    leastMs: latencyMs > 0 ? leastMs(latencyMs, published) : null,
    busy,
    published,
    dlaLayers: onDla.filter(Boolean).length,
    gpuLayers: onDla.filter((one) => !one).length,
    dlaShare:
      flops((at) => onDla[at] ?? false) /
      Math.max(
        1,
        flops(() => true),
      ),
    loadables: placed.segments.filter(({ device }) => device === "dla").length,
    reformats: placed.reformats.length,
  };
  return { candidate, placed, engines, matrixKernels, layerMs };
}

/** The same way where nobody can say how fast it is, nor which share of the work is where. */
export function withoutSpeed(placed: PlacedCandidate): PlacedCandidate {
  const { candidate } = placed;
  const nothing = { latencyMs: null, fps: null, mostFps: null, leastMs: null, dlaShare: null };
  return { ...placed, candidate: { ...candidate, ...nothing } };
}

/** The ways of the dearest variant, with intervals that reach to those of the others. */
export function joined(variants: readonly PlacedCandidate[][]): PlacedCandidate[] {
  const most = variants[variants.length - 1] ?? [];
  const others = variants.slice(0, -1).flat();
  return most.map((placed) => {
    const { accelerator } = placed.candidate;
    const same = others.filter(({ candidate }) => candidate.accelerator === accelerator);
    return same.reduce(reaching, placed);
  });
}

function reaching(placed: PlacedCandidate, { candidate: other }: PlacedCandidate): PlacedCandidate {
  const { candidate } = placed;
  const latencyMs = hull(candidate.latencyMs, other.latencyMs);
  const fps = hull(candidate.fps, other.fps);
  const mostFps = other.mostFps && Math.max(candidate.mostFps ?? 0, other.mostFps);
  const least = other.leastMs && Math.min(candidate.leastMs ?? Infinity, other.leastMs);
  return { ...placed, candidate: { ...candidate, latencyMs, fps, mostFps, leastMs: least } };
}

function hull(own: Interval | null, other: Interval | null): Interval | null {
  if (!own || !other) return null;
  const { expected } = own;
  return { expected, low: Math.min(own.low, other.low), high: Math.max(own.high, other.high) };
}
