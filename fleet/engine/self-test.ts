import { type DetectedFrame, iou, type SelfTestFigures, STRONGEST } from "../contract/index.ts";

/** What is taken for a candidate in a golden picture: far below what a pipeline asks for, so that much is compared. */
export const SELF_TEST_MIN_SCORE = 0.001;
export const SELF_TEST_NMS_IOU = 0.45;

/** How far two engines of one model may be from each other, in what both find. */
export interface Tolerance {
  /** Most that a score may be off. */
  score: number;
  /** Least that two boxes of the same thing overlap. */
  iou: number;
}

/** Two runs of the very same bytes, on devices whose key is the same: they would be alike but for the order of sums. */
export const SAME_ENGINE: Tolerance = { score: 0.01, iou: 0.98 };
/**
 * An engine and its model as it is. FP16 was measured with scores off by 0.0031 and IoU 0.991 at most
 * (test/bench/results/tensorrt-*.json); a graph optimised in float32 differs by less. INT8 is another thing.
 */
export const OF_ITS_MODEL: Tolerance = { score: 0.02, iou: 0.95 };

/** How near two sets of figures are. */
export interface Agreement {
  /** Strong candidates that were held against each other. */
  compared: number;
  /** Those of them that the other has none of. */
  missing: number;
  mostScoreOff: number;
  leastIou: number;
  /** Why they are not the same within the tolerance; null: they are. */
  differs: string | null;
}

type Box = Strongest[number]["box"];
type Strongest = SelfTestFigures["pictures"][number]["strongest"];

/** The figures of what was found in each golden picture, by a model whose labels are their numbers. */
export function figuresOf(
  decoder: SelfTestFigures["decoder"],
  found: readonly DetectedFrame["detections"][],
): SelfTestFigures {
  const pictures = found.map((detections) => {
    const sorted = [...detections].sort((a, b) => b.score - a.score);
    const strongest = sorted.slice(0, STRONGEST).map(({ label, score, box }) => ({
      label: Number(label),
      score: rounded(score),
      box: box.map(rounded) as Box,
    }));
    return { candidates: detections.length, strongest };
  });
  return { test: 1, decoder, pictures };
}

/** Candidates of all pictures: an engine that finds none was not tried. */
export function candidatesOf({ pictures }: SelfTestFigures): number {
  return pictures.reduce((sum, { candidates }) => sum + candidates, 0);
}

/** Of things that are one too many by suppression, which may go either way where two are nearly alike. */
const MISSING_SHARE = 0.1;

/** Holds figures against those that are right. */
export function compareFigures(
  got: SelfTestFigures,
  right: SelfTestFigures,
  tolerance: Tolerance,
): Agreement {
  const result: Agreement = {
    compared: 0,
    missing: 0,
    mostScoreOff: 0,
    leastIou: 1,
    differs: null,
  };
  if (got.decoder !== right.decoder || got.pictures.length !== right.pictures.length) {
    return { ...result, differs: "it was tried in another way" };
  }
  for (const [at, one] of got.pictures.entries()) {
    const other = right.pictures[at] ?? one;
    match(one.strongest, other.strongest, tolerance, result);
    match(other.strongest, one.strongest, tolerance, result);
    const off = Math.abs(one.candidates - other.candidates);
    if (off > 2 + MISSING_SHARE * other.candidates) {
      const told = `${one.candidates} candidates instead of ${other.candidates}`;
      result.differs ??= `it finds ${told} in golden picture ${at + 1}`;
    }
  }
  if (result.missing > MISSING_SHARE * result.compared) {
    result.differs ??= `${result.missing} of ${result.compared} strong candidates have no like`;
  }
  return result;
}

/** Looks for each of `ones` among `others`. What is weaker than all that is told of these may be among the rest. */
function match(ones: Strongest, others: Strongest, tolerance: Tolerance, into: Agreement): void {
  const cut = others.length < STRONGEST ? 0 : (others.at(-1)?.score ?? 0);
  for (const one of ones) {
    if (one.score <= cut + tolerance.score) continue;
    into.compared += 1;
    const [like] = others
      .filter(({ label, score }) => label === one.label && near(score, one.score, tolerance))
      .map(({ score, box }) => ({ off: Math.abs(score - one.score), iou: iou(one.box, box) }))
      .sort((a, b) => b.iou - a.iou);
    if (like === undefined || like.iou < tolerance.iou) {
      into.missing += 1;
      continue;
    }
    into.mostScoreOff = Math.max(into.mostScoreOff, like.off);
    into.leastIou = Math.min(into.leastIou, like.iou);
  }
}

function near(a: number, b: number, { score }: Tolerance): boolean {
  return Math.abs(a - b) <= score;
}

/** As it travels: four places are far finer than any tolerance. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
