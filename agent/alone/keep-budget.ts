import type { AloneLine, AloneOrder } from "../../fleet/alone/index.ts";
import { PipelineStats } from "../../fleet/contract/index.ts";
import type { NativePipeline } from "../../native/binding/api.ts";
import { BudgetKeeper } from "../supervise/budget-keeper.ts";

/** Has a pipeline without a fleet keep its budget, as an agent does. */
export class AloneBudget {
  readonly #order: AloneOrder;
  readonly #keeper: BudgetKeeper;
  /** Null while it starts. */
  pipeline: NativePipeline | null = null;

  constructor(order: AloneOrder, tell: (line: AloneLine) => void) {
    const { name, detect, track, sources } = order;
    this.#order = order;
    this.#keeper = new BudgetKeeper({
      name,
      spec: {
        ...{ detect, track: track ?? undefined },
        sources: Object.fromEntries(sources.map((source) => [source.name, source])),
      },
      setPace: ({ detectInterval, admitEvery }) => {
        this.pipeline?.setDetectInterval(detectInterval);
        this.pipeline?.setAdmission(admitEvery);
      },
      onEvent: ({ kind, message }) => tell({ type: "budget", kind, message }),
    });
  }

  /** Statistics of a second with what is done; null where there is no budget, and they stay the bytes that they are. */
  second(json: Uint8Array): PipelineStats | null {
    const { budget: limits } = this.#order;
    if (limits === undefined || this.pipeline === null) return null;
    const stats = PipelineStats.parse(JSON.parse(Buffer.from(json).toString("utf8")));
    const budget = this.#keeper.second(stats, limits);
    return { ...stats, ...(budget && { budget }) };
  }
}
