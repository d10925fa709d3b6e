import { z } from "zod";
import { Digest, EpochMs, Name, PlanSummary } from "../spec/index.ts";
import { EnginePrune } from "./engine-prune.ts";
import { SignedEnvelope } from "./envelope.ts";
import { Count } from "./part-ref.ts";
import { CONTRACT_VERSION } from "./version.ts";

export const MAX_PIPELINES = 64;

/**
 * What a device should run, as the hub composed it and signed with its online key: which pipeline parts, by digest.
 * A pipeline that is not named is to stop; an empty list stops all.
 */
export const Desired = z.strictObject({
  contract: z.literal(CONTRACT_VERSION),
  fleet: Name,
  device: Name,
  /** The roles under which the online key signed. Generations are ordered below them. */
  roles: z.strictObject({ epoch: Count, number: Count.min(1) }),
  /** Grows with every composition; a device refuses anything older than what it has. */
  generation: Count.min(1),
  issuedAtMs: EpochMs,
  /** After this no device accepts it any more. What was accepted before goes on running. */
  expiresAtMs: EpochMs,
  /**
   * Base URL of an artifact store, below which objects lie under `objects/<digest>`. Absent: the hub itself, at the
   * address that the device was given; behind a router that is not the one the hub knows of.
   */
  artifactUrl: z.url().optional(),
  /** Digests of the pipeline parts that travel beside this text. */
  pipelines: z.array(Digest).max(MAX_PIPELINES),
  /** Pipelines that still run by a document of the former version, until their owners release them as parts. */
  former: z.strictObject({ digest: Digest, keep: z.array(Name).max(MAX_PIPELINES) }).optional(),
  /** What the device asked when it had no memory: so it knows that this was composed afterwards. */
  answers: z.string().max(64).optional(),
  /** Engines to remove. Said to agents that report `pruned` alone, for others would refuse the document. */
  prune: EnginePrune.optional(),
  /** What was planned for the pipelines, by name. Devices do not act on it, and no release key signed it. */
  plans: z.record(Name, PlanSummary).optional(),
});
export type Desired = z.infer<typeof Desired>;

/** The message on `desired`: the composition, and beside it all that was signed by others. */
export const DesiredMessage = z.strictObject({
  contract: z.literal(CONTRACT_VERSION),
  /** Signed by the root: says whose signatures count. */
  roles: SignedEnvelope,
  /** Signed by the online key: a `Desired`. */
  desired: SignedEnvelope,
  /** Signed by a release key: the named pipelines, and the sets that those name. */
  parts: z.array(SignedEnvelope).max(2 * MAX_PIPELINES),
  /** Document of the former version that `former` speaks of. */
  former: SignedEnvelope.optional(),
});
export type DesiredMessage = z.infer<typeof DesiredMessage>;
