import type {
  BoardFacts,
  LayerDifference,
  LayersBesidePlan,
  PlanDiffersData,
  RunsOn,
} from "../../fleet/contract/index.ts";
import type { PlanSummary } from "../../fleet/spec/index.ts";
import type { LayerPlan } from "../supervise/ipc/build.ts";
import type { EngineForm } from "./recipes.ts";

/** Where what was planned and what is so are not the same; of use to whoever mends the planner. */
export interface PlanDifference {
  what: PlanDiffersData["what"];
  planned: string;
  measured: string;
  layers?: LayersBesidePlan;
}

type Board = Pick<BoardFacts, "simulated" | "powerMode">;

/**
 * Of a build that took so long. Held against the plan only where both are of the same silicon, accelerator, precision
 * and power mode: a simulated board's processor tells nothing of what it plays.
 */
export function ofBuild(
  plan: PlanSummary,
  form: string,
  seconds: number,
  board: Board,
): PlanDifference[] {
  const band = plan.buildMinutes;
  if (!isAlike(plan, board) || band === undefined || form !== formOf(plan)) return [];
  return outside("buildMinutes", band, seconds / 60);
}

/** What to ask the planner of an engine; null: it is the processor's, of which nothing is planned. */
export function layerPlanOf(plan: PlanSummary, form: EngineForm, board: Board): LayerPlan | null {
  const { module, jetpack, powerMode } = plan;
  if (module === undefined || form === "cpu") return null;
  const { accelerator, precision } = placeOfForm(form);
  return {
    ...{ module, precision, isAlike: isAlike(plan, board) },
    accelerator: accelerator === "dla" ? "dla0" : "gpu",
    ...(jetpack !== undefined && { jetpack }),
    // As a plan calls it where the catalogue knows no modes, which is no mode to ask for.
    ...(powerMode !== undefined && powerMode !== "maximum" && { powerMode }),
  };
}

/** Where the layers of an engine are not as planned: the first of them in words, all that fit beside. */
export function ofLayers(layers: LayersBesidePlan, form: EngineForm): PlanDifference[] {
  const [first] = layers.differences;
  if (first === undefined) return [];
  const count = layers.differences.length + layers.more;
  const planned = `${form} for ${layers.compared} nodes`;
  const words = `${first.layer} ${inWords(first.what, first.planned)} is ${inWords(first.what, first.measured)}`;
  const measured = `${count} layers otherwise, first ${words}`;
  return [{ what: "layers", planned, measured, layers }];
}

function inWords(what: LayerDifference["what"], value: string): string {
  return what === "ms" ? `${value} ms` : value;
}

/** "gpu fp16". */
export function placeOfForm(form: EngineForm) {
  const [accelerator, precision] = form.split(" ");
  return { accelerator, precision } as {
    accelerator: "cpu" | "gpu" | "dla";
    precision: LayerPlan["precision"];
  };
}

/** Of a pipeline at work: where it runs, and how long an inference takes there. */
export function ofWork(
  plan: PlanSummary,
  runsOn: RunsOn | undefined,
  inferenceMs: number | null,
  board: Board,
): PlanDifference[] {
  if (board.simulated || plan.accelerator === undefined || runsOn === undefined) return [];
  const [planned, measured] = [plan, runsOn].map(placeOf) as [string, string];
  if (planned !== measured) return [{ what: "place", planned, measured }];
  if (!isAlike(plan, board) || plan.latencyMs === undefined || inferenceMs === null) return [];
  return outside("inferenceMs", plan.latencyMs, inferenceMs);
}

function isAlike({ powerMode }: PlanSummary, board: Board): boolean {
  return !board.simulated && powerMode !== undefined && powerMode === board.powerMode;
}

/** As engines are named: either core of a DLA, and what both share with the GPU, is the DLA's. */
function formOf({ accelerator = "", precision = "" }: PlanSummary): string {
  return `${accelerator.replace(/^dla[01]$/, "dla")} ${precision}`;
}

function placeOf({
  accelerator,
  precision,
}: Pick<RunsOn, "precision"> & { accelerator?: string | undefined }) {
  return [accelerator, precision].filter(Boolean).join(" ");
}

function outside(
  what: PlanDifference["what"],
  { low, high }: { low: number; high: number },
  value: number,
): PlanDifference[] {
  if (value >= low && value <= high) return [];
  return [{ what, planned: `${low} to ${high}`, measured: String(Number(value.toPrecision(3))) }];
}
