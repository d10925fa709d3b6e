import { CONTRACT_VERSION, type Reported } from "../../../fleet/contract/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { type FleetLink, type Owner, withCompareAndSet } from "../../../fleet/hub/client/index.ts";
import { canonicalJson, type Roles } from "../../../fleet/release/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import type { FleetContext } from "../fleet-context.ts";
import { type Question, requireAsSigned, takenNumbers, verifiedPart } from "./known-parts.ts";
import { type Draft, type Released, sealDraft } from "./parts.ts";

export interface Publication {
  draft: Draft;
  plan: PlanSummary | undefined;
  owner: Owner;
  /** As whose the hub has it by the state: of before a move to another stack, or an import. */
  formerOwner: Owner | null;
  /** What was signed last; null when that is not known. */
  last: Released | null;
  /** A refresh has seen that the hub holds something else than was signed last, or nothing. */
  differenceSeen: boolean;
}

type Published = Released & { roles: Roles; errorBeforeAtMs: number | null };

/** Signs what the program says, sends the parts and chooses them for the device. */
export async function publish(
  context: FleetContext,
  signal: AbortSignal,
  link: FleetLink,
  publication: Publication,
): Promise<Published> {
  const { device } = publication.draft;
  return await context.releasing.run(device, (ready) =>
    release(context, signal, link, publication, ready),
  );
}

async function release(
  context: FleetContext,
  signal: AbortSignal,
  link: FleetLink,
  { draft, plan, owner, formerOwner, last, differenceSeen }: Publication,
  ready: () => Promise<void>,
): Promise<Published> {
  const { device, spec, fleet } = draft;
  const reported = await link.readRetained(device, "reported");
  const roles = await context.certified(signal, reported);
  const hub = context.hub(signal).deploy;
  const question: Question = { fleet, device, name: spec.name, releaseKeys: roles.release };
  return await withCompareAndSet(async () => {
    const { answer, tag } = await hub.pipeline(device, spec.name);
    requireReader(device, answer.reads);
    const chosen = verifiedPart("pipeline", answer.chosen?.pipeline ?? null, question);
    if (!differenceSeen) requireAsSigned(last, chosen, question);
    const newest = {
      pipeline: verifiedPart("pipeline", answer.newest.pipeline, question),
      set: verifiedPart("set", answer.newest.set, question),
    };
    const taken = takenNumbers(last, newest, reported, spec.name);
    const sealed = sealDraft(draft, taken, roles.epoch, context.key);
    const choice = { part: sealed.part.digest, owner, ...(plan !== undefined && { plan }) };
    if (canonicalJson(answer.choice) !== canonicalJson(choice)) {
      await hub.putPart(sealed.envelopes.set);
      await hub.putPart(sealed.envelopes.pipeline);
      await ready();
      const from = formerOwner !== null && !isSame(formerOwner, owner) && { from: formerOwner };
      await hub.choose(device, spec.name, { ...choice, ...from }, tag);
    }
    return { part: sealed.part, set: sealed.set, roles, errorBeforeAtMs: errorTimeOf(reported) };
  });
}

/** Whose the pipeline was, or that the hub has nothing of that name on the device. */
export type Withdrawn = "ours" | "absent" | { of: Owner };

/**
 * Takes a pipeline off its device, unless it is not there or is another resource's by now. `own` is whose it is by
 * today's URN, `former` by the state.
 */
export async function withdraw(
  context: FleetContext,
  signal: AbortSignal,
  device: string,
  name: string,
  own: Owner,
  former: Owner | null,
): Promise<Withdrawn> {
  const hub = context.hub(signal).deploy;
  return await withCompareAndSet(async () => {
    const { answer, tag } = await hub.pipeline(device, name);
    const of = answer.choice?.owner ?? null;
    if (of !== null && !isOurs(of, own, former)) return { of };
    if (answer.choice === null && !answer.former) return "absent";
    await hub.drop(device, name, of ?? own, tag);
    return "ours";
  });
}

/** Makes a hub that knows nothing of the pipeline tell the device, which reported this, to stop it. */
export async function disown(
  context: FleetContext,
  signal: AbortSignal,
  reported: Reported,
  name: string,
  owner: Owner,
): Promise<void> {
  const { device } = reported;
  // The device refuses what is composed under roles older than those that it remembers of its former hub.
  await context.certified(signal, reported);
  const hub = context.hub(signal).deploy;
  await withCompareAndSet(async () => {
    const { answer, tag } = await hub.pipeline(device, name);
    if (answer.choice === null) await hub.drop(device, name, owner, tag);
  });
}

/** Another resource may have the URN by now that this one had: ids tell, where there are any. */
function isOurs(of: Owner, own: Owner, former: Owner | null): boolean {
  if (of.id !== undefined && former?.id !== undefined) return of.id === former.id;
  return isSame(of, own) || (former !== null && of.id === former.id && isSame(of, former));
}

function isSame(a: Owner, b: Owner): boolean {
  return a.program === b.program && a.resource === b.resource;
}

/** The owner that a resource's URN tells: `urn:pulumi:<stack>::<project>::<type>::<name>`. */
export function ownerOf(urn: string): Owner {
  const [stack = "", project = ""] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { program: `${project}/${stack}`, resource: urn };
}

function requireReader(device: string, reads: readonly number[] | null): void {
  if (reads === null || reads.includes(CONTRACT_VERSION)) return;
  throw new FleetError(
    "AGENT_OUTDATED",
    `Expected the agent of ${device} to read version ${CONTRACT_VERSION} but it reads ${reads.join(", ")}`,
  );
}

function errorTimeOf(reported: Reported | null): number | null {
  return reported?.error?.atMs ?? null;
}
