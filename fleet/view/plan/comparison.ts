import { z } from "zod";
import type { ReportedPipeline } from "../../contract/index.ts";
import { RunsOn } from "../../contract/index.ts";
import type { BudgetSpec, PlanSummary } from "../../spec/index.ts";
import { BudgetVerdict, breaksFps, breaksLatency, verdictOf } from "./budget.ts";
import { type Figures, type HeardSecond, WINDOW_MS } from "./history.ts";

const PlannedFigure = z
  .object({ low: z.number().nullable(), mid: z.number(), high: z.number().nullable() })
  .meta({ description: "An estimate with the bounds of 80 %; without them where none are given." });
export type PlannedFigure = z.infer<typeof PlannedFigure>;

export const ComparisonRow = z.object({
  what: z
    .enum(["fps", "inferenceMs", "latencyP50Ms", "latencyP95Ms", "memoryBytes"])
    .meta({ description: "fps is planned as the most that the silicon can do." }),
  planned: PlannedFigure.nullable(),
  measured: z.number().nullable().meta({ description: "null: not measured." }),
  budget: z.number().nullable().meta({ description: "At least, for fps; else at most." }),
  budgetVerdict: BudgetVerdict.nullable().meta({ description: "null: no budget for it." }),
  planVerdict: z.enum(["inside", "faster", "slower"]).nullable().meta({
    description:
      "null: not alike, nothing planned or measured, or the source sends less than could be done.",
  }),
});
export type ComparisonRow = z.infer<typeof ComparisonRow>;

export const Comparison = z
  .object({
    silicon: z.enum(["planned", "simulation", "cpu", "unknown"]).meta({
      description:
        "What was measured: the silicon that the plan is of, the CPU below a simulated board, a real board's CPU.",
    }),
    runsOn: z.object({
      planned: z.object({ accelerator: z.string(), precision: z.string().nullable() }).nullable(),
      measured: RunsOn.nullable().meta({ description: "null: the device does not report it." }),
    }),
    powerMode: z.object({ planned: z.string().nullable(), measured: z.string().nullable() }),
    alike: z.boolean().meta({
      description:
        "Silicon, accelerator, precision and power mode are those of the plan; else nothing is held against it.",
    }),
    overMs: z.number().nullable().meta({
      description: "How long the figures were listened to, at most ten seconds; null: none came.",
    }),
    settled: z.boolean().meta({
      description: "Ten seconds were heard. Before, a missed budget is no problem yet.",
    }),
    rows: z.array(ComparisonRow),
  })
  .meta({ description: "What was planned beside what is measured and what is asked for." });
export type Comparison = z.infer<typeof Comparison>;

export interface Compared {
  /** null: none was kept, or it is of another model than the one that runs. */
  plan: PlanSummary | null;
  budget: BudgetSpec | null;
  seconds: readonly HeardSecond[];
  runsOn: ReportedPipeline["runsOn"];
  board: { simulated: boolean; powerMode: string | null } | null;
}

export function compare(compared: Compared): Comparison {
  const { plan, seconds, runsOn } = compared;
  const silicon = siliconOf(compared);
  const figures = seconds.at(-1)?.window ?? null;
  const powerMode = {
    planned: plan?.powerMode ?? null,
    measured: compared.board?.powerMode ?? null,
  };
  const alike = silicon === "planned" && isAsPlanned(compared);
  return {
    silicon,
    runsOn: {
      planned: plan?.accelerator
        ? { accelerator: plan.accelerator, precision: plan.precision ?? null }
        : null,
      measured: runsOn ?? null,
    },
    powerMode,
    alike,
    overMs: figures && figures.overMs,
    settled: figures !== null && figures.overMs >= WINDOW_MS,
    rows: rowsOf(compared, figures).map((row) => ({
      ...row,
      planVerdict: alike ? planVerdict(row, figures) : null,
    })),
  };
}

/** Agents that do not say where they run models have the CPU backend alone. */
function siliconOf({ board, runsOn }: Compared): Comparison["silicon"] {
  if (!board) return "unknown";
  if (board.simulated) return "simulation";
  return runsOn === undefined || runsOn.accelerator === "cpu" ? "cpu" : "planned";
}

/** The same silicon, used as planned: clocks decide as much as accelerator and precision do. */
function isAsPlanned({ plan, runsOn, board }: Compared): boolean {
  return (
    plan !== null &&
    plan.powerMode === board?.powerMode &&
    plan.accelerator === runsOn?.accelerator &&
    plan.precision === runsOn?.precision
  );
}

type BareRow = Omit<ComparisonRow, "planVerdict">;

function rowsOf({ plan, budget, seconds }: Compared, figures: Figures | null): BareRow[] {
  const row = (what: BareRow["what"], planned: PlannedFigure | null, measured?: number | null) => ({
    what,
    planned,
    measured: measured ?? null,
    budget: null,
    budgetVerdict: null,
  });
  const { minFps = null, latencyP95Ms = null } = budget ?? {};
  const judged = (breaks: Parameters<typeof verdictOf>[1]) => verdictOf(seconds, breaks);
  return [
    {
      ...row("fps", plan?.estimatedFps ?? null, figures?.fps),
      budget: minFps,
      budgetVerdict: budget && minFps !== null ? judged(breaksFps(budget)) : null,
    },
    row("inferenceMs", plan?.latencyMs ?? null, figures?.inferenceMs),
    // A plan is of the inference alone; what the other stages, the camera and the network take is not in it.
    row("latencyP50Ms", null, figures?.latencyP50Ms),
    {
      ...row("latencyP95Ms", null, figures?.latencyP95Ms),
      budget: latencyP95Ms,
      budgetVerdict: budget && latencyP95Ms !== null ? judged(breaksLatency(budget)) : null,
    },
    // The board's memory is reported, the runner's own is not.
    row("memoryBytes", withoutBounds(plan?.engineMemoryBytes)),
  ];
}

function withoutBounds(mid: number | undefined): PlannedFigure | null {
  return mid === undefined ? null : { low: null, mid, high: null };
}

function planVerdict(
  { what, planned, measured }: BareRow,
  figures: Figures | null,
): ComparisonRow["planVerdict"] {
  if (planned?.low == null || planned.high === null || measured === null) return null;
  if (measured >= planned.low && measured <= planned.high) return "inside";
  const isRate = what === "fps";
  const slower = isRate ? measured < planned.low : measured > planned.high;
  if (!slower) return "faster";
  // A pipeline that drops nothing keeps up: how much more it could do is not seen.
  return isRate && figures?.drops === 0 ? null : "slower";
}
