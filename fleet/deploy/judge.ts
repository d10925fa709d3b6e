/**
 * Whether a device obeys a message on `desired`. In this order, each with its own code:
 *
 *   message     readable at all                               DESIRED_INVALID, VERSION_UNREADABLE
 *   roles       signed by the pinned root; this fleet; not    ROLES_UNSIGNED, ROLES_INVALID, DESIRED_MISDIRECTED,
 *               older than remembered; no jump                ROLES_STALE, ROLES_CONFLICT, ROLES_JUMP
 *   desired     signed by the online key; this fleet and      DESIRED_UNSIGNED, DESIRED_INVALID, DESIRED_MISDIRECTED,
 *               device; newer than what is in force           DESIRED_STALE, DESIRED_CONFLICT, DESIRED_JUMP
 *   time        neither key nor document has ended            ONLINE_KEY_EXPIRED, DESIRED_EXPIRED
 *   memory      an empty one was asked for                    DESIRED_UNANSWERED
 *   parts       each signed by a release key, none missing    PART_UNSIGNED, PART_INVALID, PART_MISSING
 *
 * All of these refuse the message, and what is in force stays. What is wrong with one pipeline alone (its scope, its
 * numbers, its board) refuses that pipeline, which stays as it is, and no other:
 *   PART_OUT_OF_SCOPE, PART_STALE, PART_CONFLICT, PART_JUMP, PART_MEMORY_FULL, BOARD_MISMATCH
 */
import { z } from "zod";
import { Desired, DesiredMessage } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import {
  isJump,
  type Opened,
  openRoles,
  parseJson,
  type Roles,
  requireReadable,
  textOf,
  unseal,
} from "../release/index.ts";
import { type Clock, trustedNow } from "./clock.ts";
import { judgeFormer } from "./judge-former.ts";
import { judgePipelines } from "./judge-pipelines.ts";
import type { Memory } from "./memory.ts";
import type { Identity, Verdict } from "./verdict.ts";

/** Every envelope at its largest, with the escapes of its text; anything longer is refused before it is parsed. */
export const MAX_MESSAGE_BYTES = 8 * 2 ** 20;

/** Decides over a message on `desired`. Whatever arrives, this does not throw. */
export function judge(
  bytes: Uint8Array,
  memory: Memory,
  clock: Clock,
  identity: Identity,
): Verdict {
  return refusing(() => {
    const value = readMessage(bytes);
    if (!isComposition(value)) return judgeFormer(value, memory, identity);
    const message = parseMessage(value);
    const { roles, desired } = openMessage(message, identity);
    requireRoles(roles, memory);
    if (desired.digest === memory.digest) return { verdict: "same" };
    requireNewer(desired.document, memory);
    requireInTime(desired.document, roles.document, trustedNow(clock, memory.signedAtMs));
    requireAnswer(desired.document, memory);
    return accept(message, roles, desired, memory, identity);
  });
}

function refusing(decide: () => Verdict): Verdict {
  try {
    return decide();
  } catch (error) {
    if (error instanceof FleetError) return { verdict: "refused", error };
    throw error;
  }
}

function readMessage(message: Uint8Array): unknown {
  if (message.length > MAX_MESSAGE_BYTES) {
    throw invalid(`Expected at most ${MAX_MESSAGE_BYTES} bytes but got ${message.length}`);
  }
  const value = parseJson(textOf(message));
  if (value === undefined) throw invalid("Expected JSON but the message does not parse");
  return value;
}

/** Compositions say their version outside the signature, too; a document of the former version does not. */
function isComposition(value: unknown): boolean {
  return z.looseObject({ contract: z.number() }).safeParse(value).success;
}

function parseMessage(value: unknown): DesiredMessage {
  requireReadable("desired", value);
  const parsed = DesiredMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`Expected a valid message but ${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

function openMessage(message: DesiredMessage, identity: Identity) {
  const { fleet, device, rootPublicKeyPem } = identity;
  const roles = openRoles(message.roles, rootPublicKeyPem);
  if (roles.document.fleet !== fleet) {
    throw misdirected(`roles of ${fleet}`, `those of ${roles.document.fleet}`);
  }
  const desired = unseal("desired", message.desired, [roles.document.online.publicKey], Desired);
  const to = desired.document;
  if (to.fleet !== fleet || to.device !== device) {
    throw misdirected(`a document for ${fleet}/${device}`, `one for ${to.fleet}/${to.device}`);
  }
  const { epoch, number } = roles.document;
  if (to.roles.epoch !== epoch || to.roles.number !== number) {
    throw invalid(
      `Expected a document under roles ${epoch}.${number} but got one under ${to.roles.epoch}.${to.roles.number}`,
    );
  }
  return { roles, desired };
}

function requireRoles({ document, digest }: Opened<Roles>, memory: Memory): void {
  const known = memory.roles;
  if (known === null) return;
  const { epoch, number } = document;
  const order = epoch - known.epoch || number - known.number;
  const [said, last] = [`${epoch}.${number}`, `${known.epoch}.${known.number}`];
  if (order < 0) {
    throw new FleetError("ROLES_STALE", `Expected roles ${last} or above but got ${said}`);
  }
  if (order === 0 && digest !== known.digest) {
    throw new FleetError("ROLES_CONFLICT", `Expected roles ${last} as known but got others`);
  }
  const jump = isJump({ epoch: 0, n: known.epoch }, { epoch: 0, n: epoch });
  if (jump || isJump({ epoch: 0, n: known.number }, { epoch: 0, n: number })) {
    throw new FleetError("ROLES_JUMP", `Expected roles not far above ${last} but got ${said}`);
  }
}

/** Generations are ordered below the roles they were composed under, so that a hub which lost its count can go on. */
function requireNewer({ roles, generation }: Desired, memory: Memory): void {
  const known = memory.roles;
  if (known === null) return;
  const sameRoles = roles.epoch === known.epoch && roles.number === known.number;
  const last = memory.generation;
  if (!sameRoles) return;
  if (generation < last) {
    throw new FleetError(
      "DESIRED_STALE",
      `Expected a generation above ${last} but got ${generation}, which is older`,
    );
  }
  // Without a digest the document itself was lost: it is taken again from whoever has it.
  if (generation === last && memory.digest === null) return;
  if (generation === last) {
    throw new FleetError(
      "DESIRED_CONFLICT",
      `Expected generation ${last} as known but got another document of that number`,
    );
  }
  if (isJump({ epoch: 0, n: last }, { epoch: 0, n: generation })) {
    throw new FleetError(
      "DESIRED_JUMP",
      `Expected a generation not far above ${last} but got ${generation}`,
    );
  }
}

function requireInTime(desired: Desired, { online }: Roles, nowMs: number): void {
  // What an online key says about the time ends with the key; so a wrong clock cannot push ours beyond it.
  if (desired.issuedAtMs >= online.notAfterMs || online.notAfterMs <= nowMs) {
    const ended = new Date(online.notAfterMs).toISOString();
    throw new FleetError("ONLINE_KEY_EXPIRED", `Expected a key in force but it ended at ${ended}`);
  }
  if (desired.expiresAtMs <= nowMs) {
    const [ended, now] = [desired.expiresAtMs, nowMs].map((ms) => new Date(ms).toISOString());
    throw new FleetError(
      "DESIRED_EXPIRED",
      `Expected a document in force but it ended at ${ended}, and it is ${now}`,
    );
  }
}

function requireAnswer({ answers }: Desired, { asks }: Memory): void {
  if (asks === null || answers === asks) return;
  throw new FleetError(
    "DESIRED_UNANSWERED",
    "Expected a document that was composed for a device without memory but got one from before",
  );
}

function accept(
  message: DesiredMessage,
  roles: Opened<Roles>,
  { document: desired, digest }: Opened<Desired>,
  memory: Memory,
  identity: Identity,
): Verdict {
  const judged = judgePipelines(message, desired, roles.document, memory, identity);
  const { epoch, number } = roles.document;
  return {
    verdict: "accepted",
    desired,
    pipelines: judged.pipelines,
    refused: judged.refused,
    memory: {
      roles: { epoch, number, digest: roles.digest },
      generation: desired.generation,
      digest,
      signedAtMs: Math.max(memory.signedAtMs, desired.issuedAtMs, roles.document.issuedAtMs),
      parts: judged.remembered,
      formerGeneration: memory.formerGeneration,
      asks: null,
    },
  };
}

function misdirected(expected: string, got: string): FleetError {
  return new FleetError("DESIRED_MISDIRECTED", `Expected ${expected} but got ${got}`);
}

function invalid(message: string): FleetError {
  return new FleetError("DESIRED_INVALID", message);
}
