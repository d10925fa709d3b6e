/** What is known of a build that was made. */
interface Former {
  outcome: string;
  accelerator: string;
  /** Of work; waiting does not count. */
  seconds: number;
  /** Of an engine alone. */
  origin?: string | undefined;
  sizeBytes?: number | undefined;
}

/** A model may take as much less, or more, than its size makes one think. */
const SPREAD = 2;

/**
 * How long a build takes by those that this very device made for the accelerator, in milliseconds of work; null when
 * there was none. Time goes with the size of the model, more or less: the engine's, which is known of former builds, is
 * about the same.
 */
export function expectedBuildMs(
  modelBytes: number,
  accelerator: string,
  former: readonly Former[],
): { low: number; high: number } | null {
  const rates = former.flatMap((one) => {
    const isAlike = one.outcome === "built" && one.accelerator === accelerator;
    return isAlike && one.origin === "built-here" && one.sizeBytes !== undefined
      ? (1000 * one.seconds) / one.sizeBytes
      : [];
  });
  if (rates.length === 0) return null;
  const low = Math.floor((Math.min(...rates) * modelBytes) / SPREAD);
  return { low, high: Math.ceil(Math.max(...rates) * modelBytes * SPREAD) };
}
