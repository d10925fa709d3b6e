import { findModule } from "../../boards/catalog/index.ts";
import { placeOnDla, placeOnGpu } from "../dla/index.ts";
import type { Factors } from "../estimate/factors.ts";
import { type Hardware, hardwareOf } from "../estimate/hardware.ts";
import { fuse, type Kernel } from "../estimate/kernels.ts";
import { kernelsMs, together } from "../estimate/time.ts";
import { mapGraph, trtNumber } from "../layers/index.ts";
import type { OnnxModel } from "../onnx/index.ts";
import { inferShapes } from "../shapes/index.ts";
import type { Figure } from "./figures.ts";

/** A figure with everything worked out that the factors do not change, so that a fit is only arithmetic. */
export interface PreparedFigure {
  figure: Figure;
  hardware: Hardware;
  gpu: Kernel[] | null;
  dla: Kernel[] | null;
  /** Operations of one batch on the GPU and on one DLA. */
  gpuFlops: number;
  dlaFlops: number;
}

export function prepare(figure: Figure, model: OnnxModel): PreparedFigure {
  const module = findModule(figure.board);
  const mode = module?.powerModes.modes.find(({ name }) => name === figure.powerMode) ?? null;
  const hardware = module ? hardwareOf(module, mode) : null;
  if (!hardware) throw new Error(`No hardware for ${figure.id}`);
  const onGpu = figure.device.includes("gpu");
  const onDla = figure.device.includes("dla");
  const gpu = onGpu ? kernelsOf(figure, model, hardware, "gpu", figure.batch) : null;
  const dla = onDla
    ? kernelsOf(figure, model, hardware, "dla", figure.dlaBatch ?? figure.batch)
    : null;
  const flops = (kernels: Kernel[] | null): number =>
    kernels?.reduce((sum, one) => sum + one.flops, 0) ?? 0;
  return { figure, hardware, gpu, dla, gpuFlops: flops(gpu), dlaFlops: flops(dla) };
}

function kernelsOf(
  figure: Figure,
  model: OnnxModel,
  hardware: Hardware,
  device: "gpu" | "dla",
  batch: number,
): Kernel[] {
  const [input] = model.graph.inputs;
  const channels = typeof input?.dims?.[1] === "number" ? input.dims[1] : 3;
  const shapes = figure.size && input ? { [input.name]: [batch, channels, ...figure.size] } : {};
  const trt = trtNumber(figure.trt);
  const { layers } = mapGraph(inferShapes(model, { batch, shapes }), trt);
  const precision = figure.precision === "int8" ? ("int8" as const) : ("fp16" as const);
  const generation = hardware.dla?.generation ?? 1;
  const placed =
    device === "gpu" ? placeOnGpu(layers) : placeOnDla(layers, { trt, precision, generation });
  return fuse(placed, { trt, arch: hardware.arch, precision: figure.precision });
}

/** Milliseconds that the roofline gives for a figure: of a batch on one device, of a picture on several. */
export function predictedMs(prepared: PreparedFigure, factors: Factors): number {
  const tuned = /^mlperf/.test(prepared.figure.source) ? factors.submissionGain : 1;
  return untunedMs(prepared, factors) / tuned;
}

function untunedMs({ figure, hardware, gpu, dla }: PreparedFigure, factors: Factors): number {
  const total = (kernels: readonly Kernel[] | null, device?: "gpu"): number =>
    kernelsMs(kernels ?? [], hardware, figure.precision, factors, device);
  if (figure.device === "gpu") return total(gpu);
  if (figure.device === "dla") return total(dla);
  const engines = {
    gpuMs: gpu ? total(gpu) / figure.batch : null,
    dlaMs: total(dla) / (figure.dlaBatch ?? figure.batch),
    dlaOnGpuMs: total(dla, "gpu") / (figure.dlaBatch ?? figure.batch),
  };
  return 1 / together(engines, 2, factors);
}

/** The baseline that the planner must beat: operations over the peak rate of what ran. */
export function baselineMs({ figure, hardware, gpuFlops, dlaFlops }: PreparedFigure): number {
  const gpuMs = (gpuFlops / hardware.gpuFlops[figure.precision]) * 1e3;
  const dlaPeak = hardware.dla?.flops[figure.precision === "int8" ? "int8" : "fp16"] ?? Number.NaN;
  const dlaMs = (dlaFlops / dlaPeak) * 1e3;
  if (figure.device === "gpu") return gpuMs;
  if (figure.device === "dla") return dlaMs;
  const perDla = (figure.dlaBatch ?? figure.batch) / dlaMs;
  return 1 / ((gpuFlops > 0 ? figure.batch / gpuMs : 0) + 2 * perDla);
}
