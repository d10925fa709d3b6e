import { z } from "zod";
import { Text } from "../text/index.ts";

/** Which of a budget's limits. */
export const BudgetLimit = z.enum(["minFps", "latencyP95Ms"]);
export type BudgetLimit = z.infer<typeof BudgetLimit>;

const every = z.number().int().positive();

/** What of its work a pipeline does: the model looks at every so many-th of the frames that are admitted. */
export const Pace = z.object({
  detectInterval: every,
  /** Every so many-th picture of live sources goes on behind the decoder. Files are admitted whole: they wait. */
  admitEvery: every,
});
export type Pace = z.infer<typeof Pace>;

/** A limit, and the figure that was held against it: frames a second, or milliseconds. */
const Measured = z.object({ limit: BudgetLimit, measured: z.number(), wanted: z.number() });

/** Why nothing more is done for a budget that is exceeded. Newer agents may have other reasons. */
export const BudgetHeld = Text.max(32);
export const BUDGET_HELD = {
  /** Every step was taken, or there is none without a tracker. */
  "no-step": "there is no further step to take",
  "source-slow": "the sources themselves send less",
  "source-lost": "a source does not play",
  "no-wait": "nothing waits for the model, so less work for it would not help",
  "min-fps": "to admit fewer frames would break the budget's frames a second",
} as const;
export type BudgetHeldReason = keyof typeof BUDGET_HELD;

/** What is done so that a pipeline keeps its budget, or why nothing is. */
export const BudgetNow = z.object({
  /** In force. */
  pace: Pace,
  /** It is not what the specification says. */
  acts: z.boolean(),
  ...Measured.shape,
  /** Absent: the figures are being watched. */
  held: BudgetHeld.optional(),
});
export type BudgetNow = z.infer<typeof BudgetNow>;

/** `data` of events of kind `budget-action`: one step further, or one back. */
export const BUDGET_ACTION = "budget-action";
export const BudgetActionData = z.object({
  pipeline: Text,
  from: Pace,
  to: Pace,
  /** What the step follows from; null: there is no budget any more. */
  because: Measured.extend({ overSeconds: z.number().int().positive() }).nullable(),
  /** The step takes back an earlier one. */
  undone: z.boolean(),
});
export type BudgetActionData = z.infer<typeof BudgetActionData>;

/** `data` of events of kind `budget-held`: exceeded, and why nothing more is done; each reason once in a runner's life. */
export const BUDGET_HELD_EVENT = "budget-held";
export const BudgetHeldData = z.object({ pipeline: Text, ...Measured.shape, held: BudgetHeld });
export type BudgetHeldData = z.infer<typeof BudgetHeldData>;
