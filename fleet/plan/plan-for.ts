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
import { admissionsOf } from "./admission.ts";
import { FITTED_ON } from "./calibration/fitted.ts";
import { candidatesOf, type PlacedCandidate } from "./candidates.ts";
import { demandedFps, type Streams } from "./demand.ts";
import { isCalibrated } from "./estimate/engine.ts";
import { type Hardware, hardwareOf, type Precision } from "./estimate/hardware.ts";
import { estimateMemory } from "./estimate/memory.ts";
import { type Layer, type MappedGraph, mapGraph, trtNumber } from "./layers/index.ts";
import type { OnnxModel } from "./onnx/index.ts";
import type { Diagnostic, Plan, PlannedLayer } from "./plan-schema.ts";
import { type Choice, choose } from "./policy.ts";
import { inferShapes, known, type ShapedGraph } from "./shapes/index.ts";

export interface PlanOptions {
  /** Newest that the board supports, when not said. */
  jetpack?: string;
  accelerator?: AcceleratorChoice;
  precision?: PrecisionChoice;
  streams?: readonly Streams[];
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
  const setting = { trt, hardware, precision, dlaCores: usableDlaCores(board, jetpack) };
  const buildable = mapped.refusals.length === 0;
  const candidates = buildable ? candidatesOf(mapped.layers, setting) : [];
  const demand = demandedFps(options.streams ?? []);
  const choice = choose(candidates, options.accelerator ?? "auto", demand);
  const memory = buildable ? estimateMemory(mapped.layers, precision) : null;
  const admissions = choice.chosen
    ? admissionsOf(board, choice.chosen.candidate, options.streams ?? [], memory)
    : [];
  const diagnostics = [
    ...refusalDiagnostics(mapped),
    ...shapeDiagnostics(shaped),
    ...precisionDiagnostics(board, options.precision ?? "auto", choice),
    ...choiceDiagnostics(choice, buildable),
    // GPU and DLA are judged by the demand above.
    ...admissions
      .filter(({ fits, resource }) => fits === false && !["gpu", "dla"].includes(resource))
      .map(overload),
    ...placementDiagnostics(asksDla(candidates)),
  ];
  const refused = diagnostics.some(({ severity }) => severity === "error");
  return {
    schema: 1,
    verdict: refused ? "refused" : "runs",
    summary: summaryOf(diagnostics, choice, board),
    model: modelFacts(shaped, mapped.layers, options.digest ?? null),
    board: board.id,
    jetpack,
    tensorrt,
    powerMode: mode?.name ?? "maximum",
    chosen: choice.chosen?.candidate ?? null,
    reason: buildable ? choice.reason : "TensorRT cannot build this model",
    candidates: candidates.map(({ candidate }) => candidate),
    layers: plannedLayers(choice.chosen, asksDla(candidates), mapped.layers),
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

/** INT8 needs calibration data, so it is only taken when asked for; where it is not fast, FP16 stands in. */
function settlePrecision(board: Module, wanted: PrecisionChoice): Precision {
  const { fastFp16, fastInt8 } = SOCS[board.soc];
  const half = best(fastFp16) ? "fp16" : "fp32";
  if (wanted === "auto") return half;
  return wanted === "int8" && best(fastInt8) === false ? half : wanted;
}

function modelFacts(
  { facts, graph, opset }: ShapedGraph,
  layers: readonly Layer[],
  digest: string | null,
): Plan["model"] {
  return {
    digest,
    opset,
    layers: layers.length,
    gflops: layers.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    parameters: layers.reduce((sum, { weightElements }) => sum + weightElements, 0),
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

function refusalDiagnostics({ refusals, warnings }: MappedGraph): Diagnostic[] {
  const byMessage = Map.groupBy(refusals, ({ rule, message }) => `${rule} ${message}`);
  const errors = [...byMessage.values()].flatMap(([first, ...rest]): Diagnostic[] =>
    first
      ? [
          {
            severity: "error",
            rule: first.rule,
            nodes: [first, ...rest].map(({ node }) => node),
            message: first.message,
            remedy: first.remedy,
          },
        ]
      : [],
  );
  const notes = warnings.map(
    (message): Diagnostic => ({
      severity: "warning",
      rule: "onnx.opset",
      nodes: [],
      message,
      remedy: null,
    }),
  );
  return [...errors, ...notes];
}

function shapeDiagnostics({ live, facts }: ShapedGraph): Diagnostic[] {
  const open = live.filter(({ outputs }) =>
    outputs.some((name) => name !== "" && !known(facts.get(name)?.dims ?? null)),
  );
  if (open.length === 0) return [];
  return [
    {
      severity: "warning",
      rule: "onnx.open-shape",
      nodes: open.map(({ name }) => name),
      message: `${open.length} nodes have a dimension that is not known; the estimate leaves their cost out`,
      remedy: "name the input's dimensions with --shape",
    },
  ];
}

function precisionDiagnostics(
  board: Module,
  wanted: PrecisionChoice,
  { chosen }: Choice,
): Diagnostic[] {
  const soc = SOCS[board.soc];
  if (wanted !== "int8" || best(soc.fastInt8) !== false) return [];
  const { fps, precision } = chosen?.candidate ?? {};
  const instead =
    fps && precision
      ? `; ${precision.toUpperCase()} is estimated at ${fps.low.toFixed(0)} to ${fps.high.toFixed(0)} fps`
      : "";
  const sm = `sm_${soc.computeCapability.replace(".", "")}`;
  return [
    {
      severity: "error",
      rule: "gpu.int8",
      nodes: [],
      message: `INT8 on ${board.title}: ${sm} has no fast INT8${instead}`,
      remedy: "ask for fp16",
    },
  ];
}

function choiceDiagnostics(
  { chosen, reason, shortfall }: Choice,
  buildable: boolean,
): Diagnostic[] {
  const base = { severity: "error" as const, nodes: [] };
  if (chosen === null && buildable)
    return [
      { ...base, rule: "accelerator.unavailable", message: reason, remedy: "ask for gpu or auto" },
    ];
  if (shortfall === null) return [];
  return [
    {
      ...base,
      rule: "demand.throughput",
      message: shortfall,
      remedy: "fewer streams, a lower frame rate or a smaller input",
    },
  ];
}

function overload({ resource, used, available, unit }: Plan["admissions"][number]): Diagnostic {
  return {
    severity: "error",
    rule: `demand.${resource}`,
    nodes: [],
    message: `${resource} would need ${used.toFixed(0)} ${unit} of ${available?.toFixed(0) ?? "unknown"}`,
    remedy: null,
  };
}

/** What a DLA leaves to the GPU, one line per reason. */
function placementDiagnostics(onDla: PlacedCandidate | null): Diagnostic[] {
  if (!onDla) return [];
  const fallen = onDla.placed.layers.flatMap((layer) => {
    const objection = onDla.placed.placements[layer.index]?.objection;
    return objection ? [{ layer, objection }] : [];
  });
  const byReason = Map.groupBy(fallen, ({ objection }) => `${objection.rule} ${objection.message}`);
  return [...byReason.values()].flatMap((group): Diagnostic[] => {
    const [first] = group;
    if (!first) return [];
    const { rule, message, remedy } = first.objection;
    return [
      { severity: "info", rule, nodes: group.map(({ layer }) => layer.name), message, remedy },
    ];
  });
}

function summaryOf(
  diagnostics: readonly Diagnostic[],
  { chosen, reason }: Choice,
  board: Module,
): string {
  const [error] = diagnostics.filter(({ severity }) => severity === "error");
  if (error) return error.message;
  if (!chosen) return reason;
  const { ms, fps, precision } = chosen.candidate;
  return `${board.title} in ${precision.toUpperCase()}: ${ms.low.toFixed(1)} to ${ms.high.toFixed(1)} ms, ${fps.low.toFixed(0)} to ${fps.high.toFixed(0)} fps; ${reason}`;
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
