import { Presence } from "../../contract/index.ts";

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

function parsePresence(bytes: Uint8Array): Presence | null {
  try {
    const parsed = Presence.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
