import { z } from "zod";
import { Count, PartNumber } from "../contract/index.ts";
import { Digest, EpochMs } from "../spec/index.ts";

/** Versions of a part that a device has accepted, by `<kind>/<name>`: the highest number and its digest. */
const PartMemory = z.object({ number: PartNumber, digest: Digest });
export type PartMemory = z.infer<typeof PartMemory>;

/**
 * What a device remembers of what it accepted, so that nothing older ever counts again. It is on disk before anything
 * accepted is acted on.
 */
export const Memory = z.object({
  roles: z.object({ epoch: Count, number: Count, digest: Digest }).nullable(),
  /** Of the composition in force; 0 when none ever was. */
  generation: Count,
  /** Of the composition in force; null when none ever was. */
  digest: Digest.nullable(),
  /** The latest time that a signed and accepted document told: it cannot be earlier now. */
  signedAtMs: EpochMs,
  parts: z.record(z.string(), PartMemory),
  /** Generation of the last document of the former version that was accepted; 0 when none was. */
  formerGeneration: z.number().int().nonnegative(),
  /** Set in a memory that began empty: only a composition that answers it ends the emptiness. */
  asks: z.string().max(64).nullable(),
});
export type Memory = z.infer<typeof Memory>;

/** More parts than any device runs over its life; a new epoch of the root makes room. */
export const MAX_REMEMBERED = 1024;

/**
 * The memory of a device that has none, as when it is new or its state was lost. `nonce` is random: whoever kept an
 * old composition has no answer to it.
 */
export function emptyMemory(nonce: string, formerGeneration = 0): Memory {
  return {
    roles: null,
    generation: 0,
    digest: null,
    signedAtMs: 0,
    parts: {},
    formerGeneration,
    asks: nonce,
  };
}

export function partKey(kind: "set" | "pipeline", name: string): string {
  return `${kind}/${name}`;
}

export function rememberedPart(
  memory: Memory,
  kind: "set" | "pipeline",
  name: string,
): PartMemory | null {
  return memory.parts[partKey(kind, name)] ?? null;
}
