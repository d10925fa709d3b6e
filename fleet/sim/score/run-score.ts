import type { DetectedFrame } from "../../contract/index.ts";
import { IdentityScore } from "./identity.ts";
import { type FoundObject, matchFrame } from "./match.ts";
import type { TrueObject } from "./rule.ts";

/** Counts over objects and frames; precision = tp / (tp + fp), recall = tp / (tp + fn). */
export interface Counts {
  tp: number;
  fp: number;
  fn: number;
}

export interface Figures extends Counts {
  /** 0 to 1; null when nothing was found (precision) or nothing was there (recall). */
  precision: number | null;
  recall: number | null;
}

export interface OutputFigures {
  pooled: Figures;
  perLabel: Record<string, Figures>;
}

export interface RunFigures {
  frames: {
    /** Compared with the truth. */
    matched: number;
    /** Numbers between the first and the last frame that never arrived. */
    missing: number;
    /** Arrived without a number, or twice: cannot be compared. */
    unmatched: number;
    first: number | null;
    last: number | null;
  };
  detector: OutputFigures;
  tracker: OutputFigures & { idf1: number | null };
}

/** Scores what one pipeline reported against the camera's truth, frame by frame. */
export class RunScore {
  readonly #detector = new Map<string, Counts>();
  readonly #tracker = new Map<string, Counts>();
  readonly #identity = new IdentityScore();
  readonly #seen = new Set<number>();
  #unmatched = 0;

  /** `truthOf` gives the objects of a frame number. */
  add(frame: DetectedFrame, truthOf: (frame: number) => readonly TrueObject[]): void {
    const number = frame.sourceFrame;
    if (number === null || this.#seen.has(number)) {
      this.#unmatched++;
      return;
    }
    this.#seen.add(number);
    const truth = truthOf(number);
    // Nobody has looked at the others.
    if (frame.skipped === undefined) {
      addMatch(this.#detector, truth, frame.detections, frame.height);
    }
    addMatch(this.#tracker, truth, frame.tracks ?? [], frame.height);
    this.#identity.addFrame(truth, frame.tracks ?? [], frame.height);
  }

  figures(): RunFigures {
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const number of this.#seen) {
      first = Math.min(first, number);
      last = Math.max(last, number);
    }
    const any = this.#seen.size > 0;
    return {
      frames: {
        matched: this.#seen.size,
        missing: any ? last - first + 1 - this.#seen.size : 0,
        unmatched: this.#unmatched,
        first: any ? first : null,
        last: any ? last : null,
      },
      detector: outputFigures(this.#detector),
      tracker: { ...outputFigures(this.#tracker), idf1: this.#identity.idf1() },
    };
  }
}

function addMatch(
  counters: Map<string, Counts>,
  truth: readonly TrueObject[],
  found: readonly FoundObject[],
  pictureHeight: number,
): void {
  const match = matchFrame(truth, found, pictureHeight);
  for (const pair of match.pairs) counterOf(counters, pair.truth.label).tp++;
  for (const object of match.missed) counterOf(counters, object.label).fn++;
  for (const object of match.wrong) counterOf(counters, object.label).fp++;
}

function counterOf(counters: Map<string, Counts>, label: string): Counts {
  const counter = counters.get(label) ?? { tp: 0, fp: 0, fn: 0 };
  counters.set(label, counter);
  return counter;
}

function outputFigures(counters: ReadonlyMap<string, Counts>): OutputFigures {
  const pooled = { tp: 0, fp: 0, fn: 0 };
  const perLabel: Record<string, Figures> = {};
  for (const [label, counter] of [...counters].sort(([a], [b]) => (a < b ? -1 : 1))) {
    perLabel[label] = withRatios(counter);
    pooled.tp += counter.tp;
    pooled.fp += counter.fp;
    pooled.fn += counter.fn;
  }
  return { pooled: withRatios(pooled), perLabel };
}

function withRatios({ tp, fp, fn }: Counts): Figures {
  return {
    tp,
    fp,
    fn,
    precision: tp + fp === 0 ? null : tp / (tp + fp),
    recall: tp + fn === 0 ? null : tp / (tp + fn),
  };
}
