import type { Pace } from "../../fleet/contract/index.ts";

/**
 * Intervals that the model is brought to: each spares it a third to a quarter of its work more. Beyond every 8th frame,
 * a third of a second of a usual camera, trackers lose what walks by.
 */
const INTERVALS = [2, 3, 4, 6, 8];
/** Every 4th frame of a usual camera is six a second: fewer are no video any more. */
const ADMITTED = [2, 3, 4];

export interface Paced {
  /** As specified, from 1. */
  detectInterval: number;
  /** Without a tracker nobody tells of the frames between. */
  tracks: boolean;
  /** Some source is live; files have no overload that could be shed. */
  live: boolean;
}

/**
 * What is done for a budget, in this order: from what the specification says, the model looks at fewer frames, and then
 * fewer frames of live sources are admitted. To lower a preview comes last, when pipelines have one.
 */
export function budgetSteps({ detectInterval, tracks, live }: Paced): readonly [Pace, ...Pace[]] {
  const intervals = INTERVALS.filter((interval) => tracks && interval > detectInterval);
  const longest = intervals.at(-1) ?? detectInterval;
  return [
    { detectInterval, admitEvery: 1 },
    ...intervals.map((interval) => ({ detectInterval: interval, admitEvery: 1 })),
    ...ADMITTED.filter(() => live).map((admitEvery) => ({ detectInterval: longest, admitEvery })),
  ];
}
