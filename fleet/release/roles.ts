import { z } from "zod";
import { CONTRACT_VERSION, Count, type SignedEnvelope } from "../contract/index.ts";
import { EpochMs, Name } from "../spec/index.ts";
import { type Opened, seal, unseal } from "./envelope.ts";
import { PublicKeyPem } from "./keys.ts";
import { MAX_JUMP } from "./part-number.ts";

/**
 * Whose signatures count, signed by the root, whose key devices pin. Release keys sign parts; the online key, which
 * the hub makes and never gives away, signs compositions of parts until it ends.
 */
export const Roles = z.strictObject({
  kind: z.literal("roles"),
  contract: z.literal(CONTRACT_VERSION),
  fleet: Name,
  /** Begun anew by the root when numbers or keys were lost; part numbers are ordered by it first. */
  epoch: Count,
  /** Grows with every change of the roles. */
  number: Count.min(1),
  issuedAtMs: EpochMs,
  release: z.array(PublicKeyPem).min(1).max(8),
  online: z.strictObject({ publicKey: PublicKeyPem, notAfterMs: EpochMs }),
});
export type Roles = z.infer<typeof Roles>;

export const ONLINE_KEY_MS = 90 * 24 * 3_600_000;
/** With less left, an `up` that changes nothing else renews the certificate, and whoever cannot is warned. */
export const ONLINE_KEY_NEAR_END_MS = ONLINE_KEY_MS / 3;

export function sealRoles(roles: Roles, rootKeyPem: string): SignedEnvelope {
  return seal("roles", Roles.parse(roles), rootKeyPem);
}

/** Refuses with ROLES_UNSIGNED, ROLES_INVALID or VERSION_UNREADABLE. */
export function openRoles(envelope: unknown, rootPublicKeyPem: string): Opened<Roles> {
  return unseal("roles", envelope, [rootPublicKeyPem], Roles);
}

export interface RolesWish {
  fleet: string;
  /** At least this; a higher one in force stays. */
  epoch: number;
  /** Joins those in force; a new epoch has these alone, so a key that was lost counts no longer. */
  release: readonly string[];
  onlinePublicKey: string;
  /** What a device says that it remembers. Nobody signed that, so it counts only where it is not far above. */
  aboveNumber: number;
}

/**
 * The roles to be signed next, or null when those in force will do: the same keys, and more than two thirds of the
 * online key's time left.
 */
export function nextRoles(inForce: Roles | null, wish: RolesWish, nowMs: number): Roles | null {
  const epoch = Math.max(inForce?.epoch ?? 0, wish.epoch);
  const others = inForce?.epoch === epoch ? inForce.release : [];
  const last = inForce?.number ?? 0;
  const above = wish.aboveNumber - last > MAX_JUMP ? last : Math.max(last, wish.aboveNumber);
  const release = [...new Set([...others, ...wish.release])];
  if (
    inForce !== null &&
    inForce.epoch === epoch &&
    last >= above &&
    inForce.online.publicKey === wish.onlinePublicKey &&
    inForce.release.length === release.length &&
    inForce.online.notAfterMs - nowMs > (2 / 3) * ONLINE_KEY_MS
  ) {
    return null;
  }
  return {
    kind: "roles",
    contract: CONTRACT_VERSION,
    fleet: wish.fleet,
    epoch,
    number: above + 1,
    issuedAtMs: nowMs,
    release,
    online: { publicKey: wish.onlinePublicKey, notAfterMs: nowMs + ONLINE_KEY_MS },
  };
}
