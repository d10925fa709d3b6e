import { z } from "zod";
import { CONTRACT_VERSION, PartRef, type SignedEnvelope } from "../../../fleet/contract/index.ts";
import {
  allModels,
  nextNumber,
  openPart,
  type PipelineModels,
  PipelinePart,
  refOf,
  type Scope,
  SetPart,
  sealPart,
  sha256Digest,
} from "../../../fleet/release/index.ts";
import type { BoardName, ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";
import type { SigningKey } from "../config.ts";

/** What a program says of a pipeline. */
export interface Draft {
  fleet: string;
  device: string;
  /** For whom it is signed; the device is among them. */
  scope: Scope;
  board: BoardName;
  spec: PipelineSpec;
  /** Of what detects. */
  manifest: ModelManifest;
  secondaryModels?: PipelineModels["secondaryModels"];
}

/** The parts of a pipeline that were signed last, as the state of the resource keeps them. */
export const Released = z
  .object({
    part: PartRef.meta({ description: "The pipeline." }),
    set: PartRef.meta({ description: "The set of its models." }),
  })
  .meta({ title: "Released", description: "The signed parts of a pipeline." });
export type Released = z.infer<typeof Released>;

/** Numbers that are taken, and for what: a digest is null where somebody only claims a number. */
export interface Taken {
  number: PartRef["number"];
  digest: string | null;
}

export interface Sealed extends Released {
  envelopes: { pipeline: SignedEnvelope; set: SignedEnvelope };
}

/**
 * Signs a draft as a set and a pipeline. Each keeps its number when the highest one taken is of this very content,
 * and else takes the next: the same program gives the same parts again and again.
 */
export function sealDraft(
  draft: Draft,
  taken: { pipeline: readonly Taken[]; set: readonly Taken[] },
  epoch: number,
  key: SigningKey,
): Sealed {
  const { fleet, scope, board, spec, manifest, secondaryModels } = draft;
  const models = allModels({ model: manifest, secondaryModels });
  const head = { contract: CONTRACT_VERSION, fleet, scope, name: spec.name };
  const setOf = (number: PartRef["number"]) =>
    SetPart.parse({ kind: "set", ...head, number, models });
  const set = seal(setOf, taken.set, epoch, key);
  const pipelineOf = (number: PartRef["number"]) =>
    PipelinePart.parse({ kind: "pipeline", ...head, number, board, set: set.ref.digest, spec });
  const pipeline = seal(pipelineOf, taken.pipeline, epoch, key);
  return {
    part: pipeline.ref,
    set: set.ref,
    envelopes: { pipeline: pipeline.envelope, set: set.envelope },
  };
}

function seal(
  documentOf: (number: PartRef["number"]) => SetPart | PipelinePart,
  taken: readonly Taken[],
  epoch: number,
  { privateKeyPem, publicKeyPem }: SigningKey,
): { ref: PartRef; envelope: SignedEnvelope } {
  const next = nextNumber(
    epoch,
    taken.map(({ number }) => number),
  );
  const last = { epoch, n: next.n - 1 };
  const atLast = last.n > 0 ? sealPart(documentOf(last), privateKeyPem) : null;
  const isSame = (digest: string) =>
    taken
      .filter(({ number }) => number.epoch === epoch && number.n === last.n)
      .every((one) => one.digest === digest);
  const envelope =
    atLast !== null && isSame(sha256Digest(atLast.payload))
      ? atLast
      : sealPart(documentOf(next), privateKeyPem);
  return { ref: refOf(openPart(envelope, [publicKeyPem])), envelope };
}
