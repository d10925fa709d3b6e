import type { Desired, DesiredMessage } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import {
  modelsOf,
  type Opened,
  type OpenedPart,
  openPart,
  type PipelinePart,
  type Roles,
  refOf,
  type SetPart,
} from "../release/index.ts";
import { keptFormer } from "./judge-former.ts";
import { rememberParts, requirePart } from "./judge-part.ts";
import type { Memory } from "./memory.ts";
import type { Identity, RefusedPipeline, WantedPipeline } from "./verdict.ts";

type Pair = { pipeline: OpenedPart & Opened<PipelinePart>; set: OpenedPart & Opened<SetPart> };

interface Judged {
  pipelines: WantedPipeline[];
  refused: RefusedPipeline[];
  remembered: Memory["parts"];
}

/** Opens every part of a message, then judges each named pipeline with its set. */
export function judgePipelines(
  message: DesiredMessage,
  desired: Desired,
  roles: Roles,
  memory: Memory,
  identity: Identity,
): Judged {
  const pairs = pairUp(message, desired, roles);
  const former = keptFormer(message, desired, memory, identity);
  requireOnce(desired, pairs);
  const wanted: WantedPipeline[] = [...former.pipelines];
  const refused: RefusedPipeline[] = [...former.refused];
  const accepted: OpenedPart[] = [];
  for (const { pipeline, set } of pairs) {
    try {
      for (const part of [set, pipeline]) requirePart(part, { ...identity, memory, roles });
      requireBoard(pipeline.document, identity);
      const { spec } = pipeline.document;
      const models = modelsOf(pipeline.document, set.document);
      wanted.push({ spec, ...models, part: refOf(pipeline), set: refOf(set) });
      accepted.push(set, pipeline);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      refused.push({ pipeline: pipeline.document.name, part: refOf(pipeline), error });
    }
  }
  return { pipelines: wanted, refused, remembered: rememberParts(memory, accepted, roles.epoch) };
}

/** The named pipelines with their sets; a message holds these parts and no others. */
function pairUp(message: DesiredMessage, desired: Desired, roles: Roles): Pair[] {
  const parts = new Map(
    message.parts.map((envelope) => {
      const part = openPart(envelope, roles.release);
      return [part.digest, part];
    }),
  );
  const pairs = desired.pipelines.map((digest) => {
    const pipeline = find(parts, digest, "pipeline");
    return { pipeline, set: find(parts, pipeline.document.set, "set") };
  });
  const used = new Set(pairs.flatMap(({ pipeline, set }) => [pipeline.digest, set.digest]));
  const idle = [...parts.values()].find(({ digest }) => !used.has(digest));
  if (idle) {
    const { kind, name } = idle.document;
    throw invalid(`Expected only parts that are named but got ${kind} ${name} besides`);
  }
  return pairs;
}

function find<Kind extends "set" | "pipeline">(
  parts: ReadonlyMap<string, OpenedPart>,
  digest: string,
  kind: Kind,
): OpenedPart & Opened<Kind extends "set" ? SetPart : PipelinePart> {
  const part = parts.get(digest);
  if (part !== undefined && isKind(part, kind)) return part;
  throw new FleetError(
    "PART_MISSING",
    `Expected ${kind} ${digest} beside the document that names it but it is not there`,
  );
}

function isKind<Kind extends "set" | "pipeline">(
  part: OpenedPart,
  kind: Kind,
): part is OpenedPart & Opened<Kind extends "set" ? SetPart : PipelinePart> {
  return part.document.kind === kind;
}

/** A name stands for one pipeline, and the name of a set for one content. */
function requireOnce({ former }: Desired, pairs: readonly Pair[]): void {
  const sets = new Map(pairs.map(({ set }) => [set.digest, set.document.name]));
  const pipelines = [
    ...pairs.map(({ pipeline }) => pipeline.document.name),
    ...(former?.keep ?? []),
  ];
  for (const names of [pipelines, [...sets.values()]]) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw invalid(`Expected each name once but ${twice} stands there twice`);
  }
}

function requireBoard({ name, board: plannedFor }: PipelinePart, { board }: Identity): void {
  if (board === "unknown" || plannedFor === board) return;
  throw new FleetError(
    "BOARD_MISMATCH",
    `Expected a pipeline for board ${board} but got one for ${plannedFor} (pipeline ${name})`,
  );
}

function invalid(message: string): FleetError {
  return new FleetError("DESIRED_INVALID", message);
}
