import {
  CONTRACT_VERSION,
  Desired,
  DesiredMessage,
  READS_WHEN_UNSAID,
  Reported,
} from "../../contract/index.ts";
import { type Composition, composeDesired } from "../../deploy/index.ts";
import { isFleetError } from "../../errors/index.ts";
import {
  canonicalJson,
  MAX_JUMP,
  openRoles,
  parseJson,
  type Roles,
  unseal,
} from "../../release/index.ts";

/** What is retained for a device, as far as it is a composition of this version. */
export function compositionIn(retained: Uint8Array | undefined): Desired | null {
  const text = Buffer.from(retained ?? []).toString("utf8");
  const message = DesiredMessage.safeParse(parseJson(text));
  return Desired.safeParse(parseJson(message.data?.desired.payload ?? "")).data ?? null;
}

/**
 * As `compositionIn`, if this fleet's root certified the key that signed it, and it is for this device: what somebody
 * else put on `desired` says nothing, least of all a number.
 */
export function ownCompositionIn(
  retained: Uint8Array | undefined,
  { rootKey, fleet, device }: { rootKey: string; fleet: string; device: string },
): Desired | null {
  const text = Buffer.from(retained ?? []).toString("utf8");
  const message = DesiredMessage.safeParse(parseJson(text)).data;
  if (message === undefined) return null;
  try {
    const { online } = openRoles(message.roles, rootKey).document;
    const { document } = unseal("desired", message.desired, [online.publicKey], Desired);
    return document.fleet === fleet && document.device === device ? document : null;
  } catch (error) {
    if (isFleetError(error)) return null;
    throw error;
  }
}

export function reportedIn(retained: Uint8Array | undefined): Reported | null {
  return Reported.safeParse(parseJson(Buffer.from(retained ?? []).toString("utf8"))).data ?? null;
}

export function readsOf(reported: Reported | null): readonly number[] | null {
  return reported && (reported.reads ?? READS_WHEN_UNSAID);
}

export function readsCompositions(reported: Reported | null): boolean {
  return readsOf(reported)?.includes(CONTRACT_VERSION) ?? false;
}

/** True when a composition that is retained says all that a new one would, and has most of its time before it. */
export function isCurrent(
  retained: Desired | null,
  next: Omit<Composition, "generation">,
  roles: Roles,
  reported: Reported | null,
  nowMs: number,
): boolean {
  if (retained === null) return false;
  if (claimAbove(retained.generation, roles, reported) > retained.generation) return false;
  if (next.answers !== undefined && retained.answers !== next.answers) return false;
  const { issuedAtMs, expiresAtMs } = retained;
  if (nowMs - issuedAtMs > (expiresAtMs - issuedAtMs) / 2) return false;
  const wanted = composeDesired({ ...next, generation: retained.generation }, roles, nowMs);
  return sameContent(wanted) === sameContent(retained);
}

function sameContent({
  issuedAtMs: _i,
  expiresAtMs: _e,
  answers: _a,
  ...content
}: Desired): string {
  return canonicalJson(content);
}

/**
 * The number of the next composition: above the last one of this epoch, and above what the device says that it has
 * under these roles, as when this hub lost its own.
 */
export function nextGeneration(
  retained: Desired | null,
  roles: Roles,
  reported: Reported | null,
): number {
  const last = retained?.roles.epoch === roles.epoch ? retained.generation : 0;
  return Math.max(last, claimAbove(last, roles, reported)) + 1;
}

/** What a device claims is nobody's signature, so it counts only where it is not far above `last`; else 0. */
function claimAbove(last: number, { epoch, number }: Roles, reported: Reported | null): number {
  const same = reported?.roles?.epoch === epoch && reported.roles.number === number;
  const claim = same && reported !== null ? reported.generation : 0;
  return claim - last <= MAX_JUMP ? claim : 0;
}
