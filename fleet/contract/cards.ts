import { z } from "zod";
import { Text } from "../text/index.ts";

/** More cards than any PC has; further ones are left out. */
export const MAX_CARDS = 32;

const Figure = z.number().nonnegative().nullable();

/** An NVIDIA card of a PC by its driver, over the last second; null of what the driver does not tell. */
export const CardStats = z.object({
  /** As the driver counts the cards at its start: it changes when one is lost. */
  index: z.number().int().nonnegative(),
  /** `GPU-…`, which is the card's own and never changes. */
  uuid: Text.max(64).nullable(),
  /** Where it is plugged in: `00000000:01:00.0`. */
  busId: Text.max(32).nullable(),
  name: Text.max(128).nullable(),
  gpuPercent: Figure,
  decoderPercent: Figure,
  encoderPercent: Figure,
  memoryUsedBytes: Figure,
  memoryTotalBytes: Figure,
  temperatureCelsius: z.number().nullable(),
  powerMilliwatts: Figure,
  /** What it is held to now. */
  powerLimitMilliwatts: Figure,
  /** Of the multiprocessors. */
  clockMhz: Figure,
  clockLimitMhz: Figure,
  memoryClockMhz: Figure,
  /** Why its clocks are not higher, in NVML's words, such as `sw_power_cap`; none: nothing holds them down. */
  clockReasons: z.array(Text.max(64)).max(64).nullable(),
  /** Why it tells nothing of itself, in the driver's words, such as `GPU is lost`; null: it does. */
  fault: Text.max(64).nullable(),
});
export type CardStats = z.infer<typeof CardStats>;

/** What keeps figures of cards from being known. */
export const CardTroubleKind = z.enum([
  /** No nvidia-smi is installed. */
  "no-tool",
  /** nvidia-smi cannot be started, as where there is no memory for it. */
  "not-started",
  /** The driver's library is not there. */
  "no-library",
  /** The kernel has no driver for cards. */
  "no-driver",
  /** Library and kernel module are of different versions: the driver was replaced, and no boot followed. */
  "version-mismatch",
  /** The driver sees no card. */
  "no-cards",
  /** The driver may not be asked from here. */
  "no-access",
  /** A card does not answer its driver any more; the others may. */
  "card-lost",
  /** nvidia-smi says nothing, and may not even be ended. */
  "hangs",
  /** It says what cannot be read. */
  "unreadable",
  /** It ended for another reason. */
  "ended",
]);
export type CardTroubleKind = z.infer<typeof CardTroubleKind>;

export const CardTrouble = z.object({
  /** `unknown`: a word of a newer agent. */
  kind: CardTroubleKind.or(z.literal("unknown")).catch("unknown"),
  /** The driver's own words where there are any. */
  says: Text.max(400),
});
export type CardTrouble = z.infer<typeof CardTrouble>;

/** What is known of the cards of a PC at a moment. */
export const Cards = z.object({
  cards: z.array(CardStats).max(MAX_CARDS),
  trouble: CardTrouble.nullable(),
});
export type Cards = z.infer<typeof Cards>;
