import { z } from "zod";
import { CONTRACT_VERSION, PartNumber, type PartRef, SignedEnvelope } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import { BoardName, Digest, ModelManifest, Name, PipelineSpec } from "../spec/index.ts";
import { sha256Digest } from "./digest.ts";
import { type Opened, seal, unseal } from "./envelope.ts";
import { namedModels, type PipelineModels } from "./models.ts";
import { Scope } from "./scope.ts";
import { parseJson } from "./text.ts";

const head = {
  contract: z.literal(CONTRACT_VERSION),
  fleet: Name,
  scope: Scope,
  name: Name,
  /** Grows with every version of a part of this kind and name. */
  number: PartNumber,
};

/** The models of a pipeline with everything that changes their answers, under one digest. */
export const SetPart = z
  .strictObject({
    kind: z.literal("set"),
    ...head,
    models: z.array(ModelManifest).min(1).max(64),
  })
  .refine(({ models }) => new Set(models.map(({ name }) => name)).size === models.length, {
    error: "must not hold two models of one name",
    path: ["models"],
  });
export type SetPart = z.infer<typeof SetPart>;

/** One version of a pipeline, and the digest of the set whose models it runs. */
export const PipelinePart = z
  .strictObject({
    kind: z.literal("pipeline"),
    ...head,
    /** Family of boards that it was planned for. */
    board: BoardName,
    set: Digest,
    spec: PipelineSpec,
  })
  .refine(({ name, spec }) => name === spec.name, {
    error: "must be the name of its pipeline",
    path: ["name"],
  });
export type PipelinePart = z.infer<typeof PipelinePart>;

export type Part = SetPart | PipelinePart;
export type OpenedPart = Opened<Part> & { envelope: SignedEnvelope };

export function sealPart(part: Part, releaseKeyPem: string): SignedEnvelope {
  return seal(part.kind, part, releaseKeyPem);
}

/** A part whose signature by one of the release keys holds; refuses with PART_UNSIGNED, PART_INVALID, VERSION_UNREADABLE. */
export function openPart(envelope: unknown, releaseKeys: readonly string[]): OpenedPart {
  // Which context the signature is checked in; a false word here only makes the signature not fit.
  const kind = kindIn(envelope);
  const opened: Opened<Part> =
    kind === "set"
      ? unseal(kind, envelope, releaseKeys, SetPart)
      : unseal(kind, envelope, releaseKeys, PipelinePart);
  return { ...opened, envelope: SignedEnvelope.parse(envelope) };
}

/** A part as its text says it is, for whoever keeps and shows it: no signature is checked. */
export function inspectPart(envelope: SignedEnvelope): OpenedPart {
  const document = z.union([SetPart, PipelinePart]).safeParse(parseJson(envelope.payload));
  if (document.success) {
    return { document: document.data, digest: sha256Digest(envelope.payload), envelope };
  }
  const [issue] = document.error.issues;
  throw new FleetError("PART_INVALID", `Expected a set or a pipeline but ${issue?.message}`);
}

export function refOf({ digest, document }: Opened<Part>): PartRef {
  return { digest, number: document.number };
}

/** The models that a pipeline names, out of its set. Throws PART_INVALID. */
export function modelsOf(pipeline: PipelinePart, set: SetPart): PipelineModels {
  const models = namedModels(pipeline.spec, set.models);
  if (!("missing" in models)) return models;
  throw new FleetError(
    "PART_INVALID",
    `Pipeline ${pipeline.name} names model ${models.missing}, which its set does not hold`,
  );
}

function kindIn(envelope: unknown): Part["kind"] {
  const payload = z.object({ payload: z.string() }).safeParse(envelope).data?.payload ?? "";
  const value = z.object({ kind: z.string() }).safeParse(parseJson(payload)).data;
  return value?.kind === "set" ? "set" : "pipeline";
}
