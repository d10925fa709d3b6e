import {
  CONTRACT_VERSION,
  Desired,
  DesiredMessage,
  READS_WHEN_UNSAID,
  Reported,
} from "../../contract/index.ts";
import { type Composition, composeDesired } from "../../deploy/index.ts";
import { canonicalJson, MAX_JUMP, parseJson, type Roles } from "../../release/index.ts";

/** What is retained for a device, as far as it is a composition of this version. */
export function compositionIn(retained: Uint8Array | undefined): Desired | null {
  const text = Buffer.from(retained ?? []).toString("utf8");
  const message = DesiredMessage.safeParse(parseJson(text));
  return Desired.safeParse(parseJson(message.data?.desired.payload ?? "")).data ?? null;
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
  if (claimOf(reported, roles) > retained.generation) return false;
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
 * The number of the next composition: above the last one, and above what the device says that it has under these
 * roles, as when this hub lost its own. That is nobody's signature, so it counts within bounds only.
 */
export function nextGeneration(
  retained: Desired | null,
  roles: Roles,
  reported: Reported | null,
): number {
  const last = retained?.generation ?? 0;
  const claim = claimOf(reported, roles);
  return (claim - last <= MAX_JUMP ? Math.max(last, claim) : last) + 1;
}

function claimOf(reported: Reported | null, { epoch, number }: Roles): number {
  const same = reported?.roles?.epoch === epoch && reported.roles.number === number;
  return same && reported !== null ? reported.generation : 0;
}
