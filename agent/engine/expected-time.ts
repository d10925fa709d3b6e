import type { EngineNote } from "./engine-note.ts";

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
  notes: readonly EngineNote[],
): { low: number; high: number } | null {
  const rates = notes.flatMap((note) =>
    note.outcome === "built" && note.origin === "built-here" && note.accelerator === accelerator
      ? (1000 * note.seconds) / note.sizeBytes
      : [],
  );
  if (rates.length === 0) return null;
  const low = Math.floor((Math.min(...rates) * modelBytes) / SPREAD);
  return { low, high: Math.ceil(Math.max(...rates) * modelBytes * SPREAD) };
}
