import { iou } from "../../contract/index.ts";

/**
 * Which true objects count. Smaller or more hidden ones are *ignored*: a detector is neither asked to find them
 * nor punished for finding them. models/scoring.json holds the same rule for the training figures; a test compares.
 */
export const COUNTING_RULE = {
  /** Overlap (intersection over union) from which a box of the same label counts as found. */
  iou: 0.5,
  /** Share of the object's picture that nothing covers. */
  minVisible: 0.4,
  /** Height of its box as a share of the picture's height. */
  minHeightShare: 0.04,
  /** Overlap with an ignored object, of whatever label, from which a box that found nothing is left out. */
  ignoreIou: 0.3,
} as const;

export type Box = readonly [left: number, top: number, width: number, height: number];

export interface TrueObject {
  id: number;
  label: string;
  /** Pixels, clipped to the picture. */
  box: Box;
  /** 0 to 1. */
  visible: number;
}

export function counts(object: TrueObject, pictureHeight: number): boolean {
  return (
    object.visible >= COUNTING_RULE.minVisible &&
    object.box[3] >= COUNTING_RULE.minHeightShare * pictureHeight
  );
}

/** True when a box lies on something that does not count. */
export function isIgnored(box: Box, ignored: readonly TrueObject[]): boolean {
  return ignored.some((object) => iou(object.box, box) >= COUNTING_RULE.ignoreIou);
}
