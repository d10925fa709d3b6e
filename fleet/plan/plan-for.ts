import type { Module } from "../boards/catalog/index.ts";
import type { AcceleratorChoice, PrecisionChoice } from "../spec/index.ts";
import { admissionsOf, usageOf } from "./admission.ts";
import {
  type Asked,
  availabilityDiagnostics,
  dlaNotes,
  precisionDiagnostics,
} from "./availability.ts";
import type { PlacedCandidate } from "./candidates.ts";
import { type Demand, demandOf, NO_DEMAND, type Streams } from "./demand.ts";
import { asksDla, basisOf, modelFacts, plannedLayers, summaryOf } from "./describe.ts";
import {
  batchDiagnostics,
  besideDiagnostics,
  placementDiagnostics,
  refusalDiagnostics,
} from "./diagnostics.ts";
import { buildMinutes } from "./estimate/build-time.ts";
import { estimateMemory } from "./estimate/memory.ts";
import { type Layer, type MappedGraph, mapGraph, OPEN } from "./layers/index.ts";
import {
  buildReaching,
  type Observation,
  observedBasis,
  observedDiagnostics,
  observedOf,
  reachingObserved,
} from "./observed.ts";
import type { OnnxModel } from "./onnx/index.ts";
import { moduleThatWould } from "./other-modules.ts";
import type { PictureParts } from "./picture-parts.ts";
import type { Admission, Diagnostic, Interval, NamedUsage, Plan, Usage } from "./plan-schema.ts";
import { type Choice, choose } from "./policy.ts";
import { type Platform, settlePlatform, settlePrecisions } from "./settle.ts";
import { inferShapes, type ShapedGraph } from "./shapes/index.ts";
import { overloads, shortfalls } from "./shortfall.ts";
import {
  mappedForRtx,
  type TypedGraph,
  typedGraph,
  typedNotes,
  typedPrecisions,
  typedRefusals,
} from "./tensorrt-rtx.ts";
import { isOpenDemand, openDemands, unknownDiagnostics } from "./unknown.ts";
import { type Reshape, unknownRemedy } from "./unknown-remedy.ts";
import { type Ways, waysOf } from "./ways.ts";

export interface PlanOptions {
  /** Newest that the board supports, when not said. */
  jetpack?: string;
  accelerator?: AcceleratorChoice;
  precision?: PrecisionChoice;
  streams?: readonly Streams[];
  /** Pictures a second that the pipeline must handle; the sum of its streams when not said. */
  minFps?: number;
  /** The model looks at every so many-th of them, from 1; 1 when not said. */
  interval?: number;
  /** Parts of each picture that it looks at by itself; the whole when not said. */
  parts?: PictureParts;
  /** Milliseconds that all inferences of a picture may take. */
  latencyMs?: number;
  /** What other pipelines of the same device take. */
  beside?: readonly NamedUsage[];
  /** Name of the mode; the fastest when not said. */
  powerMode?: string;
  shapes?: Readonly<Record<string, readonly number[]>>;
  /** Digest of the model file, carried into the plan. */
  digest?: string;
  /** What devices told of plans; what is not about this very question is left out. */
  observed?: readonly Observation[];
}

/**
 * What will run where on a board, how fast, and why. Pure: no file and no network. A model that TensorRT cannot
 * take, or a demand that the board cannot meet, gives a plan with the verdict `refused`; only contradicting
 * questions throw.
 */
export function planFor(model: OnnxModel, module: Module, options: PlanOptions = {}): Plan {
  const decision = decide(model, module, options);
  const { platform, shaped, mapped, ways, choice, memory } = decision;
  const { candidates } = ways;
  const { chosen } = choice;
  const diagnostics = diagnosticsOf(decision);
  return {
    schema: 1,
    verdict: verdictOf(diagnostics),
    summary: summaryOf(diagnostics, choice, { title: module.title, ways }),
    model: modelFacts(shaped, mapped.layers, ways, options.digest ?? null),
    module: module.id,
    jetpack: platform.jetpack,
    tensorrt: platform.tensorrt,
    powerMode: platform.mode?.name ?? "maximum",
    chosen: chosen?.candidate ?? null,
    reason: ways.buildable ? choice.reason : "TensorRT cannot build this model",
    candidates: candidates.map(({ candidate }) => candidate),
    layers: plannedLayers(chosen, asksDla(candidates), mapped.layers, ways.most),
    usage: decision.usage,
    admissions: decision.admissions,
    memoryMib: memory,
    buildMinutes: buildReaching(
      chosen && buildMinutes(chosen.matrixKernels, platform.hardware.builder),
      chosen?.candidate ?? null,
      decision.observed,
    ),
    diagnostics,
    restsOn: [...basisOf(platform, chosen), ...observedBasis(decision.observed)],
  };
}

function verdictOf(diagnostics: readonly Diagnostic[]): Plan["verdict"] {
  if (diagnostics.some(({ severity }) => severity === "error")) return "refused";
  return diagnostics.some(isOpenDemand) ? "unknown" : "runs";
}

/** What was asked, what was found out, and what follows. */
interface Decision {
  platform: Platform;
  asked: Asked;
  demand: Demand;
  beside: readonly NamedUsage[];
  shaped: ShapedGraph;
  reshape: Reshape;
  mapped: MappedGraph;
  observed: readonly Observation[];
  /** What the types of the graph decide, where the builder takes them as they are. */
  typed: TypedGraph | null;
  ways: Ways;
  choice: Choice;
  memory: Interval | null;
  usage: Usage;
  admissions: Admission[];
}

function decide(model: OnnxModel, module: Module, options: PlanOptions): Decision {
  const { accelerator = "auto", precision = "auto", beside = [], shapes } = options;
  const platform = settlePlatform(module, options);
  const { jetpack, trt } = platform;
  const shaped = inferShapes(model, shapes ? { shapes } : {});
  const reshape: Reshape = (others) => inferShapes(model, { shapes: { ...shapes, ...others } });
  const isRtx = platform.hardware.builder === "tensorrt-rtx";
  const taken = mapGraph(shaped, trt);
  const mapped = isRtx ? mappedForRtx(taken, shaped) : taken;
  const typed = typedGraph(shaped, mapped.layers, platform);
  const settled = settlePrecisions(module, precision);
  const observed = observedOf(options.observed ?? [], {
    ...{ digest: options.digest ?? null, module: module.id, jetpack },
    powerMode: platform.mode?.name ?? "maximum",
  });
  const ways = reachingObserved(
    waysOf(mapped, shaped, platform, typed ? typedPrecisions(typed, settled) : settled),
    observed,
  );
  const demand = demandOf({ ...options, batch: ways.batch });
  const isKnown = ways.unknown.length === 0;
  // A demand cannot be held against a speed that nobody knows, nor be met by it.
  const choice = choose(ways.candidates, accelerator, isKnown ? demand : NO_DEMAND, beside);
  const { chosen } = choice;
  const isSized = ways.unknown.every(({ unknown }) => unknown !== OPEN);
  const memory = chosen && isSized ? memoryOf(chosen, mapped.layers, platform) : null;
  const usage = usageOf(chosen?.candidate ?? null, demand, memory);
  const admissions = chosen
    ? admissionsOf(module, usage, beside, choice.certainty !== "impossible")
    : [];
  const asked = { module, jetpack, accelerator, precision, fps: demand.fps };
  return {
    ...{ platform, asked, demand, beside, shaped, reshape, mapped, typed, observed },
    ...{ ways, choice, memory, usage, admissions },
  };
}

function memoryOf(
  { candidate, engines }: PlacedCandidate,
  layers: readonly Layer[],
  { trt, hardware }: Platform,
): Interval {
  return estimateMemory(layers, { precision: candidate.precision, trt, engines, hardware });
}

function diagnosticsOf(decision: Decision): Diagnostic[] {
  const { asked, demand, beside, shaped, mapped, typed, ways, choice, admissions } = decision;
  const { everyWay } = ways;
  const unfit = [
    ...precisionDiagnostics(asked, choice),
    ...(typed ? typedRefusals(typed, asked, choice) : []),
    ...(ways.buildable ? availabilityDiagnostics(asked, choice, everyWay) : []),
  ];
  const question = { demand, beside, module: asked.module.title, everyWay };
  const otherModule = (): string | null => moduleThatWould(shaped, demand);
  const remedyOf = unknownRemedy(shaped, decision.reshape);
  return [
    ...refusalDiagnostics(mapped),
    ...(ways.buildable ? unknownDiagnostics(ways.unknown, remedyOf) : []),
    ...unfit,
    // What was asked for besides is already said there.
    ...(unfit.length === 0
      ? [
          ...(ways.unknown.length === 0
            ? shortfalls(choice, { ...question, otherModule })
            : openDemands(demand, asked.module.title, ways.unknown, remedyOf)),
          ...dlaNotes(asked),
        ]
      : []),
    ...overloads(admissions, demand),
    ...besideDiagnostics(beside),
    ...batchDiagnostics(ways.batch, demand),
    ...(typed ? typedNotes(typed, asked, choice) : []),
    ...placementDiagnostics(asksDla(ways.candidates)),
    ...observedDiagnostics(choice.chosen?.candidate ?? null, decision.observed),
  ];
}
