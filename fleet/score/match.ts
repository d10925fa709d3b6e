import { COUNTING_RULE, counts, iou, type TrueObject } from "./rule.ts";

export interface FoundObject {
  label: string;
  score: number;
  box: readonly [number, number, number, number];
}

export interface Pair<Found extends FoundObject> {
  truth: TrueObject;
  found: Found;
}

/** What became of one frame. Objects ignored by the counting rule appear nowhere. */
export interface FrameMatch<Found extends FoundObject> {
  pairs: Pair<Found>[];
  missed: TrueObject[];
  wrong: Found[];
}

/**
 * Matches found to true objects of one frame: best score first, each takes the free true object of its label that it
 * overlaps most, from an IoU of 0.5 (the PASCAL VOC rule). Counting objects are taken before ignored ones.
 */
export function matchFrame<Found extends FoundObject>(
  truth: readonly TrueObject[],
  found: readonly Found[],
): FrameMatch<Found> {
  const free = new Set(truth);
  const match: FrameMatch<Found> = { pairs: [], missed: [], wrong: [] };
  for (const object of [...found].sort((a, b) => b.score - a.score)) {
    const best = bestOverlap(object, free, true) ?? bestOverlap(object, free, false);
    if (!best) {
      match.wrong.push(object);
      continue;
    }
    free.delete(best);
    if (counts(best)) match.pairs.push({ truth: best, found: object });
  }
  match.missed.push(...[...free].filter(counts));
  return match;
}

function bestOverlap(
  found: FoundObject,
  free: ReadonlySet<TrueObject>,
  counting: boolean,
): TrueObject | undefined {
  let best: TrueObject | undefined;
  let bestIou: number = COUNTING_RULE.minIou;
  for (const object of free) {
    if (object.label !== found.label || counts(object) !== counting) continue;
    const overlap = iou(object.box, found.box);
    if (overlap < bestIou || (best && overlap === bestIou)) continue;
    best = object;
    bestIou = overlap;
  }
  return best;
}
