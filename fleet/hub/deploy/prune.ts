import { SignedEnvelope } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { parseJson, textOf } from "../../release/index.ts";
import { compositionIn } from "./is-current.ts";
import type { PartStore } from "./part-store.ts";
import type { PreviousGenerations } from "./previous-generations.ts";
import type { SelectionStore } from "./selection-store.ts";

/** A part goes when nothing named it for so long. */
export const PRUNE_AFTER_MS = 30 * 24 * 3_600_000;

export interface PruneParts {
  devices: Iterable<string>;
  selections: Pick<SelectionStore, "get">;
  previous: PreviousGenerations;
  parts: PartStore;
  retainedDesired: (device: string) => Uint8Array | undefined;
}

/**
 * Removes parts that nothing names: no choice, no device's generation and not the one before it, and not their
 * pipelines. What cannot be read may name anything, so then nothing is removed. The newest part for each scope stays
 * in any case, because its number is what the next one must be above.
 */
export async function prune(
  from: PruneParts,
  nowMs: number,
): Promise<{ removed: number; kept: number }> {
  const previous = await from.previous.parts();
  const named = [...from.devices].flatMap((device) => [
    ...Object.values(from.selections.get(device).choices).map(({ part }) => part),
    ...generationOf(device, from.retainedDesired(device)),
  ]);
  return await from.parts.removeExcept([...previous, ...named], nowMs - PRUNE_AFTER_MS);
}

function generationOf(device: string, retained: Uint8Array | undefined): readonly string[] {
  if (retained === undefined) return [];
  const composition = compositionIn(retained);
  if (composition) return composition.pipelines;
  // A document of the former version holds what it names.
  if (SignedEnvelope.safeParse(parseJson(textOf(retained))).success) return [];
  throw new FleetError(
    "HUB_STATE_UNREADABLE",
    `Expected to read what is retained for ${device} before parts are pruned`,
  );
}
