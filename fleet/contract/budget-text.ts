import { BUDGET_HELD, type BudgetActionData, type BudgetNow, type Pace } from "./budget.ts";

/** "detect every 3rd frame: p95 240 of 150 ms" and, where nothing more is done, why. */
export function budgetText({ pace, acts, held, ...figure }: BudgetNow): string {
  const done = acts ? paceText(pace) : "nothing is done";
  const why = held === undefined ? "" : `; ${heldText(held)}`;
  return `${done}: ${figureText(figure)}${why}`;
}

/** "detect every 2nd frame again: p95 80 of 150 ms over 15 s". */
export function budgetActionText({ to, because, undone }: BudgetActionData): string {
  const why = because
    ? `${figureText(because)} over ${because.overSeconds} s`
    : "there is no budget for it any more";
  return `${paceText(to)}${undone ? " again" : ""}: ${why}`;
}

function paceText({ detectInterval, admitEvery }: Pace): string {
  const admitted = admitEvery > 1 ? `, admit ${everyNth(admitEvery)} live one` : "";
  return `detect ${everyNth(detectInterval)} frame${admitted}`;
}

function figureText({
  limit,
  measured,
  wanted,
}: Pick<BudgetNow, "limit" | "measured" | "wanted">): string {
  return limit === "minFps"
    ? `${measured.toFixed(1)} of ${wanted} fps`
    : `p95 ${measured.toFixed(0)} of ${wanted} ms`;
}

function heldText(held: string): string {
  return held in BUDGET_HELD ? BUDGET_HELD[held as keyof typeof BUDGET_HELD] : held;
}

function everyNth(count: number): string {
  if (count === 1) return "every";
  const ending = ["th", "st", "nd", "rd"][count % 10] ?? "th";
  const isTeen = count % 100 > 10 && count % 100 < 14;
  return `every ${count}${isTeen ? "th" : ending}`;
}
