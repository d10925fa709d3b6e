/** An engine in the store, as far as it decides whether it stays. */
export interface Kept {
  key: string;
  sizeBytes: number;
  /** When it was last built or put to work. */
  usedAtMs: number;
}

/**
 * Keys of the engines that go so that the rest needs `quotaBytes` at most: the longest unused first, and never one that
 * is in use, though the quota be exceeded by these alone.
 */
export function toEvict(
  engines: readonly Kept[],
  quotaBytes: number,
  inUse: ReadonlySet<string>,
): string[] {
  let excess = engines.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - quotaBytes;
  const evicted: string[] = [];
  for (const one of [...engines].sort((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (excess <= 0) break;
    if (inUse.has(one.key)) continue;
    evicted.push(one.key);
    excess -= one.sizeBytes;
  }
  return evicted;
}
