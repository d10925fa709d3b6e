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
import { demandOf, type Streams } from "./demand.ts";
import { asksDla, basisOf, modelFacts, plannedLayers, summaryOf } from "./describe.ts";
import {
  batchDiagnostics,
  besideDiagnostics,
  placementDiagnostics,
  refusalDiagnostics,
  shapeDiagnostics,
} from "./diagnostics.ts";
import { buildMinutes } from "./estimate/build-time.ts";
import { estimateMemory } from "./estimate/memory.ts";
import { type Layer, mapGraph } from "./layers/index.ts";
import type { OnnxModel } from "./onnx/index.ts";
import { boardThatWould } from "./other-boards.ts";
import type { Interval, NamedUsage, Plan } from "./plan-schema.ts";
import { choose } from "./policy.ts";
import { settlePlatform, settlePrecision } from "./settle.ts";
import { inferShapes } from "./shapes/index.ts";
import { overloads, shortfalls } from "./shortfall.ts";
import { waysOf } from "./ways.ts";

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

/**
 * What will run where on a board, how fast, and why. Pure: no file and no network. A model that TensorRT cannot
 * take, or a demand that the board cannot meet, gives a plan with the verdict `refused`; only contradicting
 * questions throw.
 */
export function planFor(model: OnnxModel, board: Module, options: PlanOptions = {}): Plan {
  const platform = settlePlatform(board, options);
  const { jetpack, tensorrt, trt, mode } = platform;
  const shaped = inferShapes(model, options.shapes ? { shapes: options.shapes } : {});
  const mapped = mapGraph(shaped, trt);
  const { accelerator = "auto", precision = "auto", beside = [] } = options;
  const ways = waysOf(mapped, shaped, platform, settlePrecision(board, precision));
  const { buildable, isOpen, batch, candidates } = ways;
  const demand = demandOf(isOpen ? {} : options);
  const choice = choose(candidates, accelerator, demand, beside);
  const { chosen } = choice;
  const memory = chosen && !isOpen ? memoryOf(chosen, mapped.layers, trt) : null;
  const usage = usageOf(chosen?.candidate ?? null, demandOf(options), memory);
  const admissions = chosen ? admissionsOf(board, usage, beside) : [];
  const asked: Asked = { board, jetpack, accelerator, precision, fps: demand.fps };
  const unfit = [
    ...precisionDiagnostics(asked, choice),
    ...(buildable ? availabilityDiagnostics(asked, choice, ways.everyWay) : []),
  ];
  const question = {
    demand,
    beside,
    board: board.title,
    everyWay: ways.everyWay,
    otherBoard: () => boardThatWould(shaped, demand),
  };
  const diagnostics = [
    ...refusalDiagnostics(mapped),
    ...shapeDiagnostics(shaped, isOpen),
    ...unfit,
    // What was asked for besides is already said there.
    ...(unfit.length === 0 ? shortfalls(choice, question) : []),
    ...overloads(admissions, demand),
    ...besideDiagnostics(beside),
    ...batchDiagnostics(batch, demand),
    ...(unfit.length === 0 ? dlaNotes(asked) : []),
    ...placementDiagnostics(asksDla(candidates)),
  ];
  return {
    schema: 1,
    verdict: diagnostics.some(({ severity }) => severity === "error") ? "refused" : "runs",
    summary: summaryOf(diagnostics, choice, { title: board.title, batch, isOpen }),
    model: modelFacts(shaped, mapped.layers, batch, options.digest ?? null),
    board: board.id,
    jetpack,
    tensorrt,
    powerMode: mode?.name ?? "maximum",
    chosen: chosen?.candidate ?? null,
    reason: buildable ? choice.reason : "TensorRT cannot build this model",
    candidates: candidates.map(({ candidate }) => candidate),
    layers: plannedLayers(chosen, asksDla(candidates), mapped.layers),
    usage,
    admissions,
    memoryMib: memory,
    buildMinutes: chosen && buildMinutes(chosen.matrixKernels, jetpack !== null),
    diagnostics,
    restsOn: basisOf(platform, chosen),
  };
}

function memoryOf(chosen: PlacedCandidate, layers: readonly Layer[], trt: number): Interval {
  const { precision } = chosen.candidate;
  return estimateMemory(layers, { precision, trt, engines: chosen.engines });
}
