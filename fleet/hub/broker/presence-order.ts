import { Presence } from "../../contract/index.ts";
import type { Copy } from "./copies.ts";

/**
 * True when `incoming` is a will that a newer birth has overtaken: a half-open connection may die long after its
 * device came back. A will only counts for the very session whose birth is retained.
 */
export function isOvertakenWill(incoming: Uint8Array, retained: Uint8Array | undefined): boolean {
  const will = parsePresence(incoming);
  const birth = retained && parsePresence(retained);
  if (!will || !birth || will.online || !birth.online) return false;
  return will.bootId !== birth.bootId || will.seq < birth.seq;
}

/** The presence as the will would have left it, or null when there is nothing to say. */
export function asOffline(retained: Uint8Array, atMs: number): Presence | null {
  const presence = parsePresence(retained);
  return presence?.online ? { ...presence, online: false, atMs } : null;
}

/** Which life of an agent a birth or will is of. */
export function bootIdIn(bytes: string | Uint8Array): string | null {
  return parsePresence(Buffer.from(bytes))?.bootId ?? null;
}

/** A birth that says that another board bears the same identity; null for what is no birth. */
export function withCopy(
  birth: Uint8Array,
  { address, copyAddress }: Pick<Copy, "address" | "copyAddress">,
  sinceMs: number,
): Buffer | null {
  const presence = parsePresence(birth);
  if (!presence?.online) return null;
  const copy = { sinceMs, address: copyAddress, ownAddress: address };
  return Buffer.from(JSON.stringify({ ...presence, copy } satisfies Presence));
}

function parsePresence(bytes: Uint8Array): Presence | null {
  try {
    const parsed = Presence.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
