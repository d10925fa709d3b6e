import { type DroppedRange, MAX_DROPPED_RANGES } from "../contract/index.ts";

/** Numbers of a chain, both ends included. */
export interface SeqRange {
  firstSeq: number;
  lastSeq: number;
}

/** Missing numbers, `count` of them between the ends. */
export interface Missing extends SeqRange {
  count: number;
}

export const lengthOf = ({ firstSeq, lastSeq }: SeqRange): number => lastSeq - firstSeq + 1;

/**
 * The ranges with one more, in order: neighbours are joined, and so are the two that are closest when there are too
 * many to be declared in one event. `count` stays exact.
 */
export function withDropped(
  ranges: readonly DroppedRange[],
  added: DroppedRange,
  most = MAX_DROPPED_RANGES,
): DroppedRange[] {
  const sorted = [...ranges, added].sort((a, b) => a.firstSeq - b.firstSeq);
  const joined: DroppedRange[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last && range.firstSeq <= last.lastSeq + 1) joined.splice(-1, 1, join(last, range));
    else joined.push(range);
  }
  while (joined.length > most) {
    const at = closestPair(joined);
    const [a, b] = joined.slice(at, at + 2);
    if (!a || !b) break;
    joined.splice(at, 2, join(a, b));
  }
  return joined;
}

/** What is missing and not declared. Of a joined range no more may be missing than the device says it dropped. */
export function undeclared(
  missing: readonly SeqRange[],
  declared: readonly DroppedRange[],
): Missing[] {
  const ranges = declared.reduce<DroppedRange[]>((all, one) => withDropped(all, one, Infinity), []);
  const outside = ranges.reduce<SeqRange[]>((left, range) => subtract(left, range), [...missing]);
  const excess = ranges.flatMap((range) => {
    const here = missing.reduce((sum, one) => sum + overlap(one, range), 0);
    const { firstSeq, lastSeq, count } = range;
    return here > count ? [{ firstSeq, lastSeq, count: here - count }] : [];
  });
  return [...outside.map((range) => ({ ...range, count: lengthOf(range) })), ...excess].sort(
    (a, b) => a.firstSeq - b.firstSeq,
  );
}

/** The numbers of `ranges` that are not in `taken`. */
export function subtract(ranges: readonly SeqRange[], taken: SeqRange): SeqRange[] {
  return ranges.flatMap(({ firstSeq, lastSeq }) =>
    [
      { firstSeq, lastSeq: Math.min(lastSeq, taken.firstSeq - 1) },
      { firstSeq: Math.max(firstSeq, taken.lastSeq + 1), lastSeq },
    ].filter((part) => part.firstSeq <= part.lastSeq),
  );
}

export function overlap(a: SeqRange, b: SeqRange): number {
  const length = Math.min(a.lastSeq, b.lastSeq) - Math.max(a.firstSeq, b.firstSeq) + 1;
  return Math.max(0, length);
}

function join(a: DroppedRange, b: DroppedRange): DroppedRange {
  const lastSeq = Math.max(a.lastSeq, b.lastSeq);
  // Declared twice is dropped once.
  const count = Math.max(a.count, b.count, a.count + b.count - overlap(a, b));
  return {
    firstSeq: a.firstSeq,
    lastSeq,
    count: Math.min(count, lastSeq - a.firstSeq + 1),
    previous: a.previous,
  };
}

function closestPair(ranges: readonly DroppedRange[]): number {
  const gaps = ranges.slice(1).map((range, at) => range.firstSeq - (ranges[at]?.lastSeq ?? 0));
  return gaps.indexOf(Math.min(...gaps));
}
