import { availableParallelism } from "node:os";
import { TrialAnswer, type TrialOrder } from "../../../fleet/bench/index.ts";
import { parseJson } from "../../../fleet/release/index.ts";
import type { Decoder } from "../../../fleet/spec/index.ts";
import { Slots } from "../../../fleet/ssh/index.ts";
import type { CheckFailure } from "../check.ts";
import { KeptTrials } from "./kept-trials.ts";
import { boundsFor, runTrial, type TrialBounds, type TrialEnd } from "./trial-process.ts";

export type Trial = { decoder: Decoder; reason: string } | { failure: CheckFailure };

/** Each has the processor to itself, and memory. */
const MOST_AT_ONCE = Math.min(4, availableParallelism());

interface TrialParts {
  kept?: KeptTrials;
  bounds?: (modelBytes: number) => TrialBounds;
  atOnce?: number;
}

/**
 * Tries models on this machine by the very code that an update on a board runs (agent/alone). What a board would refuse,
 * or die of, is a failure of the property that is at fault. An answer is kept for the same file, specification and code.
 */
export class ModelTrials {
  readonly #kept: KeptTrials;
  readonly #bounds: (modelBytes: number) => TrialBounds;
  readonly #slots: Slots;
  /** A program names one model for many pipelines, and a check comes before each step. */
  readonly #asked = new Map<string, Promise<Trial>>();

  constructor({ kept, bounds, atOnce }: TrialParts = {}) {
    this.#kept = kept ?? new KeptTrials();
    this.#bounds = bounds ?? boundsFor;
    this.#slots = new Slots(atOnce ?? MOST_AT_ONCE);
  }

  /** Throws the signal's reason. */
  async try(order: TrialOrder, modelBytes: number, signal: AbortSignal): Promise<Trial> {
    const question = questionOf(order);
    const key = JSON.stringify(question);
    const known = this.#asked.get(key);
    if (known !== undefined) return await known;
    const trial = this.#find(order, question, modelBytes, signal);
    this.#asked.set(key, trial);
    trial.catch(() => this.#asked.delete(key));
    return await trial;
  }

  async #find(
    order: TrialOrder,
    question: ReturnType<typeof questionOf>,
    modelBytes: number,
    signal: AbortSignal,
  ): Promise<Trial> {
    const kept = this.#kept.read(question);
    if (kept !== null) return verdict(kept);
    const end = await this.#run(order, modelBytes, signal);
    if ("died" in end) return refusal(end.died);
    if ("failed" in end) return untried(end.failed);
    const answer = TrialAnswer.safeParse(parseJson(end.said));
    if (!answer.success) return untried(end.said.slice(0, 500) || "it said nothing");
    // Everything else may be otherwise the next time.
    const lasts = answer.data.type === "tried" || answer.data.code === "MODEL_INVALID";
    if (lasts) this.#kept.write(question, answer.data);
    return verdict(answer.data);
  }

  async #run(order: TrialOrder, modelBytes: number, signal: AbortSignal): Promise<TrialEnd> {
    await this.#slots.take(signal);
    try {
      return await runTrial(order, this.#bounds(modelBytes), signal);
    } finally {
      this.#slots.free();
    }
  }
}

/** What an answer depends on: files by their digests, wherever they lie. */
function questionOf({ model: _, library, ...question }: TrialOrder) {
  return { ...question, ...(library && { library: library.digest }) };
}

function verdict(answer: TrialAnswer): Trial {
  if (answer.type === "tried") return answer;
  const { code, message } = answer;
  return code === "MODEL_INVALID" ? refusal(message) : untried(`${code}: ${message}`);
}

function refusal(reason: string): Trial {
  return { failure: { property: "source", reason, code: "MODEL_INVALID" } };
}

/** What is missing here is not the model's fault. */
function untried(why: string): Trial {
  return {
    failure: {
      property: "source",
      reason: `the model could not be tried on this machine: ${why}`,
      code: "SETUP_MISSING",
      hint: "Run `npm run setup`, which builds what tries models, then this again.",
    },
  };
}

/** One for the process, as one limit holds for all. */
export const modelTrials = new ModelTrials();
