import { z } from "zod";
import {
  Desired,
  DesiredMessage,
  EnginePrune,
  FormerDesired,
  SignedEnvelope,
} from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import {
  canonicalJson,
  inspectPart,
  parseJson,
  sha256Digest,
  textOf,
} from "../../release/index.ts";
import { Name } from "../../spec/index.ts";
import { Owner, PipelineChoice } from "../deploy-api.ts";

const StoredChoice = PipelineChoice.extend({ owner: Owner.nullable() });
export type StoredChoice = z.infer<typeof StoredChoice>;

/** Which parts a device is to run, by the names of the pipelines. */
export const Selection = z.strictObject({
  version: z.literal(1),
  choices: z.record(Name, StoredChoice),
  /** Pipelines of a document of the former version that nobody has released as parts yet. */
  former: z.strictObject({ envelope: SignedEnvelope, keep: z.array(Name) }).nullable(),
  /** The last order to remove engines; it stays, so that a device that is away hears of it. */
  prune: EnginePrune.optional(),
});
export type Selection = z.infer<typeof Selection>;

const NONE: Selection = { version: 1, choices: {}, former: null };

export function isEmpty({ choices, former, prune }: Selection): boolean {
  return Object.keys(choices).length === 0 && former === null && prune === undefined;
}

export function choiceOf(selection: Selection, name: string): StoredChoice | null {
  return Object.hasOwn(selection.choices, name) ? (selection.choices[name] ?? null) : null;
}

export function isFormer({ former }: Selection, name: string): boolean {
  return former?.keep.includes(name) ?? false;
}

export function withChoice(selection: Selection, name: string, choice: StoredChoice): Selection {
  const rest = without(selection, name);
  return { ...rest, choices: { ...rest.choices, [name]: choice } };
}

export function without(selection: Selection, name: string): Selection {
  const { choices, former } = selection;
  const { [name]: _gone, ...rest } = choices;
  const keep = former?.keep.filter((one) => one !== name) ?? [];
  return {
    ...selection,
    choices: rest,
    former: former && keep.length > 0 ? { ...former, keep } : null,
  };
}

/** ETag of what is chosen for one name: two programs race for a pipeline, never for a device. */
export function tagOf(selection: Selection, name: string): string {
  const state = { choice: choiceOf(selection, name), former: isFormer(selection, name) };
  return `"${sha256Digest(canonicalJson(state)).slice("sha256:".length, 39)}"`;
}

/**
 * The selection of a device that has no file of it yet, by what is retained for it: nothing, a document of the former
 * version, or a composition whose file was lost. What cannot be read is an error: it is not replaced.
 */
export function selectionFrom(device: string, retained: Uint8Array | undefined): Selection {
  if (retained === undefined) return NONE;
  const value = parseJson(textOf(retained));
  const message = DesiredMessage.safeParse(value);
  if (message.success) return selectionIn(message.data);
  const envelope = SignedEnvelope.safeParse(value);
  const former = FormerDesired.safeParse(parseJson(envelope.data?.payload ?? ""));
  if (!envelope.success || !former.success || former.data.device !== device) {
    throw new FleetError(
      "HUB_STATE_UNREADABLE",
      `Expected a desired document of ${device} that this version reads but another one is retained`,
      {
        hint: "Use the version of jetfleet that published it, or delete the device and deploy anew.",
      },
    );
  }
  const keep = former.data.pipelines.map(({ name }) => name);
  return { ...NONE, former: keep.length > 0 ? { envelope: envelope.data, keep } : null };
}

function selectionIn(message: DesiredMessage): Selection {
  const pipelines = message.parts
    .map(inspectPart)
    .filter(({ document }) => document.kind === "pipeline");
  const desired = Desired.parse(parseJson(message.desired.payload));
  const choices = pipelines.map(({ digest, document: { name } }) => {
    const plan = desired.plans?.[name];
    return [name, { part: digest, owner: null, ...(plan && { plan }) }] as const;
  });
  const keep = desired.former?.keep ?? [];
  const former = message.former && keep.length > 0 ? { envelope: message.former, keep } : null;
  const { prune } = desired;
  return { ...NONE, choices: Object.fromEntries(choices), former, ...(prune && { prune }) };
}
