import { Desired, FormerDesired, type Payload } from "../contract/index.ts";
import { inspectPart, type OpenedPart, parseJson } from "../release/index.ts";
import type { ModelManifest, PipelineSpec, PlanSummary } from "../spec/index.ts";

/** What a device is asked to run, for whoever shows it. */
export interface ShownDesired {
  generation: number;
  issuedAtMs: number;
  /** Absent from documents of the former version. */
  expiresAtMs?: number;
  pipelines: readonly { spec: PipelineSpec; model: ModelManifest | null }[];
  plans: Readonly<Record<string, PlanSummary>>;
}

/** For show only: whether a document is signed rightly is the device's business. Null when it cannot be read. */
export function showDesired(message: Payload<"desired">): ShownDesired | null {
  try {
    return "payload" in message ? showFormer(message.payload) : showComposition(message);
  } catch {
    return null;
  }
}

function showFormer(payload: string): ShownDesired | null {
  const former = FormerDesired.safeParse(parseJson(payload)).data;
  if (!former) return null;
  const { generation, issuedAtMs, plans = {} } = former;
  const pipelines = former.pipelines.map((spec) => ({
    spec,
    model: former.models.find(({ name }) => name === spec.detect.model) ?? null,
  }));
  return { generation, issuedAtMs, pipelines, plans };
}

function showComposition(
  message: Exclude<Payload<"desired">, { payload: string }>,
): ShownDesired | null {
  const desired = Desired.safeParse(parseJson(message.desired.payload)).data;
  if (!desired) return null;
  const parts = new Map(message.parts.map(inspectPart).map((part) => [part.digest, part]));
  const former = message.former && showFormer(message.former.payload);
  const keep = new Set(desired.former?.keep);
  const kept = former?.pipelines.filter(({ spec }) => keep.has(spec.name)) ?? [];
  const { generation, issuedAtMs, expiresAtMs, plans = {} } = desired;
  const pipelines = [...parts.values()].flatMap((part) => pipelineIn(part, parts));
  return {
    generation,
    issuedAtMs,
    expiresAtMs,
    pipelines: [...pipelines, ...kept],
    plans: { ...former?.plans, ...plans },
  };
}

function pipelineIn({ document }: OpenedPart, parts: ReadonlyMap<string, OpenedPart>) {
  if (document.kind !== "pipeline") return [];
  const set = parts.get(document.set)?.document;
  const models = set?.kind === "set" ? set.models : [];
  const model = models.find(({ name }) => name === document.spec.detect.model) ?? null;
  return [{ spec: document.spec, model }];
}
