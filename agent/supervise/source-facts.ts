import type { ReportedError, ReportedSource, SourceState } from "../../fleet/contract/index.ts";

/** What is known of one source of a pipeline. */
export interface SourceFacts {
  /** Null while it has said nothing. */
  state: SourceState | null;
  /** It said that it is lost or ended, and has not played since. */
  noPicture: boolean;
  /** Null while it plays. */
  error: ReportedError | null;
}

export const SILENT_SOURCE: SourceFacts = { state: null, noPicture: false, error: null };

type Sources = Readonly<Record<string, SourceFacts>>;

export interface SourceEvent {
  /** Left out where there is one source. */
  source?: string;
  state: SourceState;
  error: ReportedError | null;
}

export function nextSources(sources: Sources, { source, state, error }: SourceEvent): Sources {
  const [only = ""] = Object.keys(sources);
  const name = source ?? only;
  const former = sources[name] ?? SILENT_SOURCE;
  const noPicture = state === "connecting" ? former.noPicture : state !== "playing";
  const complaint = state === "playing" ? null : (error ?? former.error);
  return { ...sources, [name]: { state, noPicture, error: complaint } };
}

/** The state of all together: that of the one that is best off. Null while none has said anything. */
export function togetherOf(sources: Sources): SourceState | null {
  const states = Object.values(sources).map(({ state }) => state);
  if (states.every((state) => state === null)) return null;
  if (states.includes("playing")) return "playing";
  if (states.includes("connecting") || states.includes(null)) return "connecting";
  return states.includes("lost") ? "lost" : "ended";
}

/** What the first of several that is not well complains of; an only source speaks for its pipeline. */
export function complaintOf(sources: Sources): ReportedError | null {
  const all = Object.entries(sources);
  if (all.length < 2) return null;
  const [name, unwell] = all.find(([, { error }]) => error !== null) ?? [];
  if (!unwell?.error) return null;
  return { ...unwell.error, message: `source ${name}: ${unwell.error.message}` };
}

/** Undefined of an only source. */
export function reportedSources(sources: Sources): ReportedSource[] | undefined {
  const all = Object.entries(sources);
  if (all.length < 2) return undefined;
  return all.map(([name, { state, error }]) => ({ name, state: state ?? "unknown", error }));
}
