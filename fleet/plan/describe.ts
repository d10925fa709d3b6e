import { SOCS } from "../boards/catalog/index.ts";
import { FITTED_ON } from "./calibration/fitted.ts";
import { rowsBehind } from "./calibration/rows-behind.ts";
import { RTX_BUILT } from "./calibration/rtx.ts";
import type { PlacedCandidate } from "./candidates.ts";
import { buildBasis } from "./estimate/build-time.ts";
import type { Layer } from "./layers/index.ts";
import type { Diagnostic, Plan, PlannedLayer } from "./plan-schema.ts";
import { type Choice, range } from "./policy.ts";
import type { Platform } from "./settle.ts";
import type { ShapedGraph } from "./shapes/index.ts";
import type { Variant } from "./variants.ts";
import type { Ways } from "./ways.ts";

export function modelFacts(
  { facts, graph, opset }: ShapedGraph,
  layers: readonly Layer[],
  { batch, most, unknown }: Pick<Ways, "batch" | "most" | "unknown">,
  digest: string | null,
): Plan["model"] {
  return {
    digest,
    opset,
    layers: layers.length,
    gflops: most.layers.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    uncounted: unknown.length,
    parameters: layers.reduce((sum, { weightElements }) => sum + weightElements, 0),
    batch,
    inputs: graph.inputs.map(({ name }) => ({
      name,
      dims: (facts.get(name)?.dims ?? []).map((dim) => dim ?? -1),
    })),
  };
}

/** The candidate whose placement says why layers cannot run on DLA, whether or not it was chosen. */
export function asksDla(candidates: readonly PlacedCandidate[]): PlacedCandidate | null {
  return candidates.find(({ candidate }) => candidate.accelerator === "dla0") ?? null;
}

export function plannedLayers(
  chosen: PlacedCandidate | null,
  onDla: PlacedCandidate | null,
  layers: readonly Layer[],
  { places }: Variant,
): PlannedLayer[] {
  const times = chosen?.candidate.latencyMs ? chosen.layerMs() : null;
  return layers.map((layer) => {
    const place = places.get(layer.index) ?? -1;
    const objection = onDla?.placed.placements[place]?.objection ?? null;
    return {
      node: layer.name,
      op: layer.op,
      layer: layer.kind,
      device: chosen?.placed.placements[place]?.device ?? "gpu",
      rule: objection?.rule ?? null,
      message: objection?.message ?? null,
      remedy: objection?.remedy ?? null,
      gflops: layer.unknown === undefined ? layer.flops / 1e9 : null,
      ms: times && (times.get(place) ?? 0),
    };
  });
}

/** The plan in one sentence. */
export function summaryOf(
  diagnostics: readonly Diagnostic[],
  { chosen, reason }: Choice,
  { title, ways: { batch, unknown } }: { title: string; ways: Ways },
): string {
  const [error] = diagnostics.filter(({ severity }) => severity === "error");
  if (error) return error.message;
  const open = diagnostics.find(({ rule }) => rule === "demand.unknown");
  if (open) return open.message;
  if (!chosen) return reason;
  const { latencyMs, fps, precision } = chosen.candidate;
  const on = `${title} in ${precision.toUpperCase()}`;
  const [first] = unknown;
  if (first) return `${on}: how fast is not known; of ${first.name} (${first.op}) ${first.unknown}`;
  if (!latencyMs || !fps) return `${on}: no layer of the model takes time`;
  const pictures = batch === 1 ? "" : ` for ${batch} pictures at once`;
  return `${on}: ${range(latencyMs)} ms${pictures}, ${range(fps)} fps; ${reason}`;
}

const TENSORRT_BASIS = [
  "memory from what TensorRT 8 logged on Jetson Nano; other boards and versions may differ",
];
const RTX_BASIS = [
  `launches and memory as TensorRT-RTX ${RTX_BUILT.version} built ${RTX_BUILT.engines} engines of ${RTX_BUILT.models} models in FP16 and FP32 without a GPU, of which none has run; operators as TensorRT 10.3 takes them, but for what was seen to differ`,
  "memory of CUDA's context from Jetson Nano; that of a card is not known",
];

/** What the figures rest on. */
export function basisOf(
  { module, hardware, trt }: Platform,
  chosen: PlacedCandidate | null,
): string[] {
  const { figures, models, sources, medianError, coverage80 } = FITTED_ON;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const lines = [
    `factors fitted on ${figures} published figures of ${models} models from ${sources} sources; median error on sources left out ${percent(medianError)}, their figures within the interval in ${percent(coverage80)}`,
    `GPU at ${hardware.gpuMhz} MHz, memory at ${(hardware.bytesPerSecond / 1e9).toFixed(1)} GB/s`,
    buildBasis(hardware.builder),
    ...(hardware.builder === "tensorrt-rtx" ? RTX_BASIS : TENSORRT_BASIS),
  ];
  if (!chosen) return lines;
  const { accelerator, precision, published } = chosen.candidate;
  const usesDla = accelerator !== "gpu";
  const rows = rowsBehind({ arch: hardware.arch, precision, usesDla }, trt);
  if (rows) lines.push(rows);
  if (!published) {
    const onCard = hardware.builder === "tensorrt-rtx" ? ", nor of any card of a PC" : "";
    const what = usesDla ? `DLA in ${precision.toUpperCase()}` : SOCS[module.soc].arch;
    const steps = chosen.placed.layers.some(({ rounds = 1 }) => rounds > 1);
    const why = steps ? `${what} with steps after one another` : what;
    lines.push(
      `no published figure of ${why} was used${onCard}: the interval is about twice as wide`,
    );
  }
  if (usesDla)
    lines.push(
      "placement follows the documents of this TensorRT; canRunOnDLA on the board has the last word",
      `a DLA keeps its tensors in SRAM, ${hardware.dla?.generation === 1 ? "4 MiB for both and the PVAs" : "1 MiB a core"}, and in pools of DRAM, by default at most 1 GiB local and 512 MiB global`,
    );
  return lines;
}
