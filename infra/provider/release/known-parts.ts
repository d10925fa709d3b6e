import type {
  PartRef,
  PipelineUpdate,
  Reported,
  SignedEnvelope,
} from "../../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import {
  compareNumbers,
  isInScope,
  MAX_JUMP,
  numberText,
  openPart,
  type Part,
  refOf,
  scopeText,
} from "../../../fleet/release/index.ts";
import type { Released, Taken } from "./parts.ts";

export interface Question {
  fleet: string;
  device: string;
  name: string;
  releaseKeys: readonly string[];
}

/**
 * The part that the hub says it holds, once its fleet, name and device are as asked; null when no release key of today signed
 * it. Nothing of it is signed again: what is taken from it is that its number is gone.
 */
export function verifiedPart(
  kind: Part["kind"],
  envelope: SignedEnvelope | null,
  { fleet, device, name, releaseKeys }: Question,
): PartRef | null {
  if (envelope === null) return null;
  const part = ifSigned(() => openPart(envelope, releaseKeys));
  if (part === null) return null;
  const { document } = part;
  const isAsked = document.kind === kind && document.fleet === fleet && document.name === name;
  // Labels are the device's own business: a part of ours for any of them may be the one that it had before.
  const { scope } = document;
  const isForIt = scope.to === "labels" || isInScope(scope, { device, labels: {} });
  if (isAsked && isForIt) return refOf(part);
  const got = `${document.kind} ${document.name} of ${document.fleet} for ${scopeText(document.scope)}`;
  throw differs(`${kind} ${name} of ${fleet} for ${device}, at the hub`, got);
}

function ifSigned<T>(open: () => T): T | null {
  try {
    return open();
  } catch (error) {
    if (isFleetError(error, "PART_UNSIGNED")) return null;
    throw error;
  }
}

/** Throws when the hub does not hold what was signed last, or something newer of the same key. */
export function requireAsSigned(
  last: Released | null,
  chosen: PartRef | null,
  { device, name }: Question,
): void {
  if (last === null) return;
  const signed = `${name} of ${device} as it was signed last, number ${numberText(last.part.number)}`;
  if (chosen === null) throw differs(`${signed}, at the hub`, "nothing");
  const order = compareNumbers(chosen.number, last.part.number);
  if (order > 0 || chosen.digest === last.part.digest) return;
  const what = order < 0 ? "an older one" : "another content";
  throw differs(`${signed}, at the hub`, `${what}, number ${numberText(chosen.number)}`);
}

/** States of an update in which the device leaves a part for good. */
export const GIVEN_UP: ReadonlySet<PipelineUpdate["state"]> = new Set(["refused", "rolled-back"]);

/**
 * Numbers that are taken: what was signed last, what the hub holds under our signature, and what the device says that
 * it remembers. The last is nobody's signature, so it counts only where it is not far above the others.
 */
export function takenNumbers(
  last: Released | null,
  newest: { pipeline: PartRef | null; set: PartRef | null },
  reported: Reported | null,
  name: string,
): { pipeline: Taken[]; set: Taken[] } {
  const pipeline: Taken[] = [last?.part, newest.pipeline].flatMap((ref) => (ref ? [ref] : []));
  const set: Taken[] = [last?.set, newest.set].flatMap((ref) => (ref ? [ref] : []));
  const update = reported?.updates?.find((one) => one.pipeline === name);
  const tried = pipeline.find(({ digest }) => digest === update?.part?.digest);
  // A part that the device has given up is not tried again; the same content under the next number is.
  if (tried && update && GIVEN_UP.has(update.state)) pipeline.push({ ...tried, digest: null });
  const claim = update?.remembered ?? null;
  if (claim === null) return { pipeline, set };
  const own = pipeline.filter(({ number }) => number.epoch === claim.epoch);
  const highest = Math.max(0, ...own.map(({ number }) => number.n));
  if (claim.n - highest > MAX_JUMP) {
    throw new FleetError(
      "PART_JUMP",
      `Expected ${reported?.device} to remember a number of ${name} not far above ${highest} but it claims ${numberText(claim)}`,
    );
  }
  // The device remembers pipelines; where it knows a newer one than we do, its set may be newer, too.
  if (claim.n <= highest) return { pipeline, set };
  const claimed: Taken = { number: claim, digest: null };
  return { pipeline: [...pipeline, claimed], set: [...set, claimed] };
}

function differs(expected: string, got: string): FleetError {
  return new FleetError("HUB_CONTENT_DIFFERS", `Expected ${expected} but got ${got}`);
}
