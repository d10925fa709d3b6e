import { iou } from "../../contract/index.ts";
import { COUNTING_RULE, counts, isIgnored, type TrueObject } from "./rule.ts";

export interface FoundObject {
  label: string;
  score: number;
  box: readonly [number, number, number, number];
}

export interface Pair<Found extends FoundObject> {
  truth: TrueObject;
  found: Found;
}

/** What became of one frame. What the counting rule ignores appears nowhere. */
export interface FrameMatch<Found extends FoundObject> {
  pairs: Pair<Found>[];
  missed: TrueObject[];
  wrong: Found[];
}

/**
 * Matches found to true objects of one frame: best score first, each takes the free counting object of its label that
 * it overlaps most (the PASCAL VOC rule).
 */
export function matchFrame<Found extends FoundObject>(
  truth: readonly TrueObject[],
  found: readonly Found[],
  pictureHeight: number,
): FrameMatch<Found> {
  const free = new Set(truth.filter((object) => counts(object, pictureHeight)));
  const ignored = truth.filter((object) => !free.has(object));
  const match: FrameMatch<Found> = { pairs: [], missed: [], wrong: [] };
  for (const object of [...found].sort((a, b) => b.score - a.score)) {
    const best = bestOverlap(object, free);
    if (best) {
      free.delete(best);
      match.pairs.push({ truth: best, found: object });
    } else if (!isIgnored(object.box, ignored)) {
      match.wrong.push(object);
    }
  }
  match.missed.push(...free);
  return match;
}

function bestOverlap(found: FoundObject, free: ReadonlySet<TrueObject>): TrueObject | undefined {
  let best: TrueObject | undefined;
  let bestIou: number = COUNTING_RULE.iou;
  for (const object of free) {
    const overlap = object.label === found.label ? iou(object.box, found.box) : 0;
    if (overlap < bestIou || (best && overlap === bestIou)) continue;
    best = object;
    bestIou = overlap;
  }
  return best;
}
