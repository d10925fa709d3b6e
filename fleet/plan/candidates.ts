import { type PlacedGraph, placeOnDla, placeOnGpu } from "./dla/index.ts";
import {
  type EngineEstimate,
  estimateEngine,
  perSecond,
  splitMs,
  withInterval,
} from "./estimate/engine.ts";
import type { Hardware, Precision } from "./estimate/hardware.ts";
import type { Layer } from "./layers/index.ts";
import type { Candidate } from "./plan-schema.ts";

export interface PlacedCandidate {
  candidate: Candidate;
  placed: PlacedGraph;
}

export interface Setting {
  trt: number;
  hardware: Hardware;
  precision: Precision;
  /** DLA cores that the software can use. */
  dlaCores: number;
}

/** Every way to run the layers: on the GPU, on one DLA with the rest on the GPU, and spread over all. */
export function candidatesOf(layers: readonly Layer[], setting: Setting): PlacedCandidate[] {
  const { trt, hardware, precision, dlaCores } = setting;
  const onGpu = placeOnGpu(layers);
  const gpu = estimateEngine(onGpu, trt, hardware, precision);
  const all: PlacedCandidate[] = [
    { candidate: describe("gpu", onGpu, gpu.ms, setting), placed: onGpu },
  ];
  const { dla } = hardware;
  if (!dla || dlaCores === 0 || precision === "fp32") return all;
  const onDla = placeOnDla(layers, { trt, precision, generation: dla.generation });
  if (onDla.placements.every(({ device }) => device === "gpu")) return all;
  const one = estimateEngine(onDla, trt, hardware, precision);
  const cores = (["dla0", "dla1"] as const).slice(0, dlaCores);
  all.push(
    ...cores.map((core) => ({ candidate: describe(core, onDla, one.ms, setting), placed: onDla })),
  );
  const ms = shared(gpu, one, dlaCores);
  all.push({ candidate: describe("split", onDla, ms, setting), placed: onDla });
  return all;
}

/** A split never has to use a DLA that would slow it down. */
function shared(gpu: EngineEstimate, dla: EngineEstimate, dlaCores: number): number {
  const times = { gpuMs: gpu.ms, dlaMs: dla.ms, dlaOnGpuMs: dla.gpuMs };
  const choices = Array.from({ length: dlaCores + 1 }, (_, dlas) => splitMs(times, dlas));
  return Math.min(...choices);
}

function describe(
  accelerator: Candidate["accelerator"],
  placed: PlacedGraph,
  ms: number,
  { hardware, precision }: Setting,
): Candidate {
  const onDla = placed.placements.map(({ device }) => device === "dla");
  const flops = (keep: (at: number) => boolean): number =>
    placed.layers.reduce((sum, layer) => sum + (keep(layer.index) ? layer.flops : 0), 0);
  const interval = withInterval(ms, hardware, accelerator !== "gpu", precision);
  return {
    accelerator,
    precision,
    ms: interval,
    fps: perSecond(interval),
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
}
