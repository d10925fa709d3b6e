import type { PartNumber } from "../contract/index.ts";

/**
 * A number may grow by at most this much at once. So nobody drives it to its end in one step, by a key that was lost
 * or by a claim that nobody signed; a million versions at once has no honest use.
 */
export const MAX_JUMP = 2 ** 20;

/** Below zero when `a` is older than `b`, 0 when they are the same. */
export function compareNumbers(a: PartNumber, b: PartNumber): number {
  return a.epoch - b.epoch || a.n - b.n;
}

export function isJump(from: PartNumber, to: PartNumber): boolean {
  return to.n - (from.epoch === to.epoch ? from.n : 0) > MAX_JUMP;
}

export function numberText({ epoch, n }: PartNumber): string {
  return epoch === 0 ? String(n) : `${epoch}.${n}`;
}

/** The number above all of `used` in an epoch; those of older epochs do not count. */
export function nextNumber(epoch: number, used: readonly PartNumber[]): PartNumber {
  const counts = used.filter((one) => one.epoch === epoch).map(({ n }) => n);
  return { epoch, n: Math.max(0, ...counts) + 1 };
}
