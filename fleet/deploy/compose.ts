import {
  CONTRACT_VERSION,
  Desired,
  DesiredMessage,
  type EnginePrune,
  type SignedEnvelope,
} from "../contract/index.ts";
import { type Opened, type Roles, seal, sha256Digest } from "../release/index.ts";
import type { PlanSummary } from "../spec/index.ts";

/** A pipeline that was chosen for a device, with its set, as their signer sealed them. */
export interface Chosen {
  name: string;
  /** Digest of the pipeline part. */
  digest: string;
  pipeline: SignedEnvelope;
  set: SignedEnvelope;
  plan?: PlanSummary | undefined;
}

export interface Composition {
  fleet: string;
  device: string;
  generation: number;
  /** Absent: the hub. */
  artifactUrl?: string | undefined;
  chosen: readonly Chosen[];
  /** Document of the former version, and the pipelines of it that go on. */
  former?: { envelope: SignedEnvelope; keep: readonly string[] } | undefined;
  /** Engines to remove. */
  prune?: EnginePrune | undefined;
  /** What the device asks, when it does. */
  answers?: string | undefined;
}

/** A document lives as long as a device may well be away, and no longer than the key that signs it. */
export const DESIRED_LIFE_MS = 45 * 24 * 3_600_000;

/** What a device is to run, out of parts that others signed. Equal pipelines give an equal order. */
export function composeDesired(composition: Composition, roles: Roles, nowMs: number): Desired {
  const { fleet, device, generation, artifactUrl, former, prune, answers } = composition;
  const chosen = inOrder(composition.chosen);
  const plans = chosen.flatMap(({ name, plan }) => (plan ? [[name, plan] as const] : []));
  return Desired.parse({
    contract: CONTRACT_VERSION,
    fleet,
    device,
    roles: { epoch: roles.epoch, number: roles.number },
    generation,
    issuedAtMs: nowMs,
    expiresAtMs: Math.min(nowMs + DESIRED_LIFE_MS, roles.online.notAfterMs),
    ...(artifactUrl !== undefined && { artifactUrl }),
    pipelines: chosen.map(({ digest }) => digest),
    ...(former !== undefined &&
      former.keep.length > 0 && {
        former: { digest: sha256Digest(former.envelope.payload), keep: [...former.keep].sort() },
      }),
    ...(prune !== undefined && { prune }),
    ...(answers !== undefined && { answers }),
    ...(plans.length > 0 && { plans: Object.fromEntries(plans) }),
  });
}

/** The message for `desired`, signed with the online key. */
export function sealComposition(
  composition: Composition,
  roles: { envelope: SignedEnvelope } & Opened<Roles>,
  onlineKeyPem: string,
  nowMs: number,
): DesiredMessage {
  const desired = composeDesired(composition, roles.document, nowMs);
  const parts = inOrder(composition.chosen).flatMap(({ set, pipeline }) => [set, pipeline]);
  return DesiredMessage.parse({
    contract: CONTRACT_VERSION,
    roles: roles.envelope,
    desired: seal("desired", desired, onlineKeyPem),
    parts: [...new Map(parts.map((part) => [part.payload, part])).values()],
    ...(desired.former !== undefined && { former: composition.former?.envelope }),
  });
}

function inOrder(chosen: readonly Chosen[]): Chosen[] {
  return [...chosen].sort((a, b) => (a.name < b.name ? -1 : 1));
}
