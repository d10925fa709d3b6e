import {
  best,
  jetpackRelease,
  type Module,
  newestJetpack,
  type PowerModeFacts,
  releasesFor,
  SOCS,
  supports,
  usableDlaCores,
} from "../boards/catalog/index.ts";
import { FleetError } from "../errors/index.ts";
import type { AcceleratorChoice, PrecisionChoice } from "../spec/index.ts";
import { admissionsOf, usageOf } from "./admission.ts";
import {
  type Asked,
  availabilityDiagnostics,
  dlaNotes,
  precisionDiagnostics,
} from "./availability.ts";
import { FITTED_ON } from "./calibration/fitted.ts";
import { candidatesOf, type PlacedCandidate } from "./candidates.ts";
import { demandOf, type Streams } from "./demand.ts";
import {
  batchDiagnostics,
  besideDiagnostics,
  placementDiagnostics,
  refusalDiagnostics,
  shapeDiagnostics,
} from "./diagnostics.ts";
import { isCalibrated } from "./estimate/engine.ts";
import { type Hardware, hardwareOf, type Precision } from "./estimate/hardware.ts";
import { estimateMemory } from "./estimate/memory.ts";
import { type Layer, mapGraph, trtNumber } from "./layers/index.ts";
import type { OnnxModel } from "./onnx/index.ts";
import type { Candidate, Diagnostic, NamedUsage, Plan, PlannedLayer } from "./plan-schema.ts";
import { type Choice, choose } from "./policy.ts";
import { inferShapes, type ShapedGraph } from "./shapes/index.ts";
import { overloads, shortfalls } from "./shortfall.ts";

export interface PlanOptions {
  /** Newest that the board supports, when not said. */
  jetpack?: string;
  accelerator?: AcceleratorChoice;
  precision?: PrecisionChoice;
  streams?: readonly Streams[];
  /** Pictures a second that the pipeline must handle; the sum of its streams when not said. */
  minFps?: number;
  /** Milliseconds that one inference may take. */
  latencyMs?: number;
  /** What other pipelines of the same device take. */
  beside?: readonly NamedUsage[];
  /** Name of the mode; the fastest when not said. */
  powerMode?: string;
  shapes?: Readonly<Record<string, readonly number[]>>;
  /** Digest of the model file, carried into the plan. */
  digest?: string;
}

/** Minutes that builds were reported to take: NVIDIA/TensorRT issues 1441 and 1841, jetson-inference. */
const BUILD_MINUTES = { low: 1, high: 30 };

/**
 * What will run where on a board, how fast, and why. Pure: no file and no network. A model that TensorRT cannot
 * take, or a demand that the board cannot meet, gives a plan with the verdict `refused`; only contradicting
 * questions throw.
 */
export function planFor(model: OnnxModel, board: Module, options: PlanOptions = {}): Plan {
  const jetpack = settleJetpack(board, options.jetpack);
  const tensorrt = jetpack === null ? null : (jetpackRelease(jetpack)?.tensorrt ?? null);
  // PCs are not on the JetPack matrix; the newest rules are the nearest.
  const trt = trtNumber(tensorrt ?? "10.3");
  const mode = settleMode(board, options.powerMode);
  const hardware = hardwareOf(board, mode);
  if (hardware === null) {
    throw new FleetError("BOARD_UNKNOWN", `Not enough is known of ${board.id} to plan for it`, {
      hint: `Run \`jetfleet boards show ${board.id}\` for what is known.`,
    });
  }
  const shaped = inferShapes(model, options.shapes ? { shapes: options.shapes } : {});
  const mapped = mapGraph(shaped, trt);
  const precision = settlePrecision(board, options.precision ?? "auto");
  const batch = batchOf(shaped);
  const dlaCores = usableDlaCores(board, jetpack);
  const buildable = mapped.refusals.length === 0;
  const setting = { trt, hardware, dlaCores, batch };
  const candidates = buildable ? candidatesOf(mapped.layers, { ...setting, precision }) : [];
  const everyWay = (): Candidate[] =>
    buildable
      ? fastPrecisions(board).flatMap((one) =>
          candidatesOf(mapped.layers, { ...setting, precision: one }).map(
            ({ candidate }) => candidate,
          ),
        )
      : [];
  const demand = demandOf(options);
  const { beside = [] } = options;
  const choice = choose(candidates, options.accelerator ?? "auto", demand, beside);
  const memory = buildable ? estimateMemory(mapped.layers, precision) : null;
  const usage = usageOf(choice.chosen?.candidate ?? null, demand, memory);
  const admissions = choice.chosen ? admissionsOf(board, usage, beside) : [];
  const asked: Asked = {
    board,
    jetpack,
    accelerator: options.accelerator ?? "auto",
    precision: options.precision ?? "auto",
    fps: demand.fps,
  };
  const unfit = [
    ...precisionDiagnostics(asked, choice),
    ...(buildable ? availabilityDiagnostics(asked, choice, everyWay) : []),
  ];
  const diagnostics = [
    ...refusalDiagnostics(mapped),
    ...shapeDiagnostics(shaped),
    ...unfit,
    // What was asked for besides is already said there.
    ...(unfit.length === 0
      ? shortfalls(choice, { demand, beside, board: board.title, everyWay })
      : []),
    ...overloads(admissions, demand),
    ...besideDiagnostics(beside),
    ...batchDiagnostics(batch, demand),
    ...(unfit.length === 0 ? dlaNotes(asked) : []),
    ...placementDiagnostics(asksDla(candidates)),
  ];
  const refused = diagnostics.some(({ severity }) => severity === "error");
  return {
    schema: 1,
    verdict: refused ? "refused" : "runs",
    summary: summaryOf(diagnostics, choice, board, batch),
    model: modelFacts(shaped, mapped.layers, batch, options.digest ?? null),
    board: board.id,
    jetpack,
    tensorrt,
    powerMode: mode?.name ?? "maximum",
    chosen: choice.chosen?.candidate ?? null,
    reason: buildable ? choice.reason : "TensorRT cannot build this model",
    candidates: candidates.map(({ candidate }) => candidate),
    layers: plannedLayers(choice.chosen, asksDla(candidates), mapped.layers),
    usage,
    admissions,
    memoryMib: memory,
    buildMinutes: BUILD_MINUTES,
    diagnostics,
    restsOn: restsOn(board, hardware, choice.chosen, precision),
  };
}

function settleJetpack(board: Module, wanted: string | undefined): string | null {
  if (wanted === undefined) return newestJetpack(board);
  const supported = supports(board, wanted);
  if (supported === true) return wanted;
  const versions = releasesFor(board).flatMap((release) => release.versions);
  const what =
    supported === null
      ? `JetPack ${wanted} is not in the table`
      : `JetPack ${wanted} does not support ${board.title}`;
  throw new FleetError("USAGE", what, {
    hint:
      versions.length > 0
        ? `It runs ${versions[0]} to ${versions[versions.length - 1]}.`
        : "It runs no JetPack.",
  });
}

function settleMode(board: Module, wanted: string | undefined): PowerModeFacts | null {
  const { modes } = board.powerModes;
  if (wanted === undefined) return modes.find(({ name }) => name.startsWith("MAXN")) ?? null;
  const mode = modes.find(({ name, id }) => name === wanted || String(id) === wanted);
  if (mode) return mode;
  const names = modes.map(({ name }) => name).join(", ") || "none that the table knows";
  throw new FleetError(
    "USAGE",
    `expected a power mode of ${board.id}, ${names}, got ${JSON.stringify(wanted)}`,
  );
}

/** Precisions that the GPU gains by; FP32 everywhere. */
function fastPrecisions(board: Module): Precision[] {
  const { fastFp16, fastInt8 } = SOCS[board.soc];
  return [
    "fp32",
    ...(best(fastFp16) ? (["fp16"] as const) : []),
    ...(best(fastInt8) ? (["int8"] as const) : []),
  ];
}

/** INT8 needs calibration data, so it is only taken when asked for; where it is not fast, FP16 stands in. */
function settlePrecision(board: Module, wanted: PrecisionChoice): Precision {
  const { fastFp16, fastInt8 } = SOCS[board.soc];
  const half = best(fastFp16) ? "fp16" : "fp32";
  if (wanted === "auto") return half;
  return wanted === "int8" && best(fastInt8) === false ? half : wanted;
}

/** Pictures of one inference: the leading dimension that all image inputs, N×C×H×W, have in common. */
function batchOf({ facts, graph }: ShapedGraph): number {
  const leading = graph.inputs
    .map(({ name }) => facts.get(name)?.dims ?? [])
    .filter((dims) => dims.length === 4)
    .map(([first]) => first ?? 1);
  const [batch = 1] = leading;
  return batch > 0 && leading.every((one) => one === batch) ? batch : 1;
}

function modelFacts(
  { facts, graph, opset }: ShapedGraph,
  layers: readonly Layer[],
  batch: number,
  digest: string | null,
): Plan["model"] {
  return {
    digest,
    opset,
    layers: layers.length,
    gflops: layers.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    parameters: layers.reduce((sum, { weightElements }) => sum + weightElements, 0),
    batch,
    inputs: graph.inputs.map(({ name }) => ({
      name,
      dims: (facts.get(name)?.dims ?? []).map((dim) => dim ?? -1),
    })),
  };
}

/** The candidate whose placement says why layers cannot run on DLA, whether or not it was chosen. */
function asksDla(candidates: readonly PlacedCandidate[]): PlacedCandidate | null {
  return candidates.find(({ candidate }) => candidate.accelerator === "dla0") ?? null;
}

function plannedLayers(
  chosen: PlacedCandidate | null,
  onDla: PlacedCandidate | null,
  layers: readonly Layer[],
): PlannedLayer[] {
  return layers.map((layer) => {
    const objection = onDla?.placed.placements[layer.index]?.objection ?? null;
    return {
      node: layer.name,
      op: layer.op,
      layer: layer.kind,
      device: chosen?.placed.placements[layer.index]?.device ?? "gpu",
      rule: objection?.rule ?? null,
      message: objection?.message ?? null,
      remedy: objection?.remedy ?? null,
      gflops: layer.flops / 1e9,
    };
  });
}

function summaryOf(
  diagnostics: readonly Diagnostic[],
  { chosen, reason }: Choice,
  board: Module,
  batch: number,
): string {
  const [error] = diagnostics.filter(({ severity }) => severity === "error");
  if (error) return error.message;
  if (!chosen) return reason;
  const { latencyMs, fps, precision } = chosen.candidate;
  const on = `${board.title} in ${precision.toUpperCase()}`;
  if (!latencyMs || !fps) return `${on}: no layer of the model takes time`;
  const pictures = batch === 1 ? "" : ` for ${batch} pictures at once`;
  return `${on}: ${latencyMs.low.toFixed(1)} to ${latencyMs.high.toFixed(1)} ms${pictures}, ${fps.low.toFixed(0)} to ${fps.high.toFixed(0)} fps; ${reason}`;
}

function restsOn(
  board: Module,
  hardware: Hardware,
  chosen: PlacedCandidate | null,
  precision: Precision,
): string[] {
  const { figures, models, medianError } = FITTED_ON;
  const lines = [
    `factors fitted on ${figures} published figures of ${models} models; median error on models left out ${(100 * medianError).toFixed(0)} %`,
    `GPU at ${hardware.gpuMhz} MHz, memory at ${(hardware.bytesPerSecond / 1e9).toFixed(1)} GB/s`,
  ];
  const usesDla = chosen !== null && chosen.candidate.accelerator !== "gpu";
  if (!isCalibrated(hardware, usesDla, precision)) {
    const what = usesDla ? `DLA in ${precision.toUpperCase()}` : SOCS[board.soc].arch;
    lines.push(`no published figure of ${what} was used: the interval is twice as wide`);
  }
  if (usesDla)
    lines.push(
      "placement follows the documents of this TensorRT; canRunOnDLA on the board has the last word",
    );
  return lines;
}
