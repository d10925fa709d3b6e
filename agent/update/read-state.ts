import { z } from "zod";
import { Name } from "../../fleet/spec/index.ts";
import { DeviceState, emptyState, STATE_VERSION } from "./device-state.ts";
import { FormerState, migrated } from "./former-state.ts";
import { NEW_PIPELINE, type PipelineRecord } from "./pipeline-record.ts";
import { PipelineVersion } from "./pipeline-version.ts";

/** What was made of a state file. `lost`: what the device remembered is not known; `why` is for people. */
export type ReadState =
  | { how: "whole"; state: DeviceState }
  | { how: "former"; state: DeviceState }
  | { how: "newer"; state: DeviceState; version: number; why: string }
  | { how: "lost"; state: DeviceState; why: string };

interface Context {
  /** Random, for a memory that is lost. */
  nonce: string;
  nowMs: number;
}

/** Reads a state file of this version, of the former one, or of a newer one as far as it can. Does not throw. */
export function readState(text: string, context: Context): ReadState {
  const document = parseJson(text);
  const version = z.object({ version: z.number().int().positive() }).safeParse(document)
    .data?.version;
  if (version !== undefined && version > STATE_VERSION)
    return readNewer(document, version, context);
  if (version === 1) {
    const former = FormerState.safeParse(document);
    if (!former.success) return lost(former.error, context);
    return { how: "former", state: migrated(former.data, context.nonce, context.nowMs) };
  }
  const isFormer = version === STATE_VERSION - 1;
  const parsed = DeviceState.safeParse(isFormer ? renumbered(document) : document);
  if (!parsed.success) return lost(parsed.error, context);
  return { how: isFormer ? "former" : "whole", state: parsed.data };
}

/** Version 2 lacks a state of updates, and nothing else. */
function renumbered(document: unknown): unknown {
  return { ...(document as object), version: STATE_VERSION };
}

/** Every version of the state says what runs in these places. */
const Core = z.object({
  memory: DeviceState.shape.memory.nullable().catch(null),
  pipelines: z.record(Name, z.object({ active: z.unknown() })),
});

/** An agent that was put back to an older release goes on with what runs, though it cannot read all of the state. */
function readNewer(document: unknown, version: number, context: Context): ReadState {
  const core = Core.safeParse(document);
  if (!core.success) return lost(core.error, context);
  const { memory, pipelines } = core.data;
  const unread: string[] = [];
  const records = Object.entries(pipelines).flatMap(([name, { active }]) => {
    const parsed = PipelineVersion.nullable().safeParse(active);
    if (!parsed.success) unread.push(name);
    const record: PipelineRecord = { ...NEW_PIPELINE, active: parsed.data ?? null };
    return parsed.data ? [[name, record] as const] : [];
  });
  const missing = unread.length === 0 ? "all that ran runs on" : `cannot run ${unread.join(", ")}`;
  const why = `state.json is of version ${version} and this agent reads up to ${STATE_VERSION}: ${missing}`;
  // Its document is asked for again: what of it is not read here would otherwise be missing for good.
  const empty = emptyState(context.nonce);
  const state = {
    ...empty,
    memory: memory ? { ...memory, digest: null } : empty.memory,
    pipelines: Object.fromEntries(records),
  };
  return { how: "newer", state, version, why };
}

function lost(error: z.ZodError, { nonce }: Context): ReadState {
  const [issue] = error.issues;
  const why = `state.json cannot be read: ${issue?.path.join(".") || "document"}: ${issue?.message}`;
  return { how: "lost", state: emptyState(nonce), why };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
