/**
 * Which true objects count. Smaller or more hidden ones are *ignored*: a detector is neither asked to find them
 * nor punished for finding them. The same rule holds for training figures (models/) and for live figures.
 */
export const COUNTING_RULE = {
  /** Share of the object's picture that nothing covers. */
  minVisible: 0.35,
  /** Shorter side of its box, pixels of a 1280×720 picture. */
  minSidePx: 12,
  /** Overlap (intersection over union) from which a box counts as found. */
  minIou: 0.5,
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

export function counts(object: TrueObject): boolean {
  const [, , width, height] = object.box;
  return (
    object.visible >= COUNTING_RULE.minVisible && Math.min(width, height) >= COUNTING_RULE.minSidePx
  );
}

/** Intersection over union of two boxes, 0 to 1; 0 when either is empty. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  const both = width * height;
  return both / (a[2] * a[3] + b[2] * b[3] - both);
}
