import type { PipelineState, ReportedError, SourceState } from "../../fleet/contract/index.ts";
import {
  complaintOf,
  nextSources,
  SILENT_SOURCE,
  type SourceEvent,
  type SourceFacts,
  togetherOf,
} from "./source-facts.ts";

/** What is known of a pipeline; its state is computed from this and never stored. */
export interface RunFacts {
  stopped: boolean;
  /** The runner has loaded the model and opened its sources. */
  started: boolean;
  /** Of all sources together: playing while any is. Null while none has said anything. */
  source: SourceState | null;
  /** By name. */
  sources: Readonly<Record<string, SourceFacts>>;
  /** This runner said that its sources are lost or ended, and has not seen one play since. */
  noPicture: boolean;
  /** Frames have come out since a source last began to play. */
  delivering: boolean;
  /** What ended the runner or what its sources complain of when none plays; null when nothing is wrong. */
  error: ReportedError | null;
}

export const INITIAL_FACTS: RunFacts = {
  stopped: false,
  started: false,
  source: null,
  sources: {},
  noPicture: false,
  delivering: false,
  error: null,
};

/**
 * A file that ended is stopped, not failed. A source that complains is failed until frames flow again; where others
 * play, the pipeline is running.
 */
export function stateOf(facts: RunFacts): PipelineState {
  if (facts.stopped || facts.source === "ended") return "stopped";
  if (facts.error !== null) return "failed";
  return facts.started && facts.delivering ? "running" : "starting";
}

/** What is wrong: with all of it, else with the first source that is not well. */
export function errorIn({ error, sources }: RunFacts): ReportedError | null {
  return error ?? complaintOf(sources);
}

export type RunEvent =
  | { type: "launched"; sources?: readonly string[] }
  | { type: "started" }
  /** What is left of the former sources, and those that came. */
  | { type: "sources"; sources: readonly string[]; changed: readonly string[] }
  | ({ type: "source" } & SourceEvent)
  | { type: "frames" }
  | { type: "ended"; error: ReportedError | null }
  | { type: "stopped" };

/** The facts after an event; the very same object when it changes nothing. */
export function nextFacts(facts: RunFacts, event: RunEvent): RunFacts {
  switch (event.type) {
    case "launched":
      // The error stays until the new attempt is past the point that failed.
      return { ...INITIAL_FACTS, sources: silent(event.sources ?? []), error: facts.error };
    case "started":
      return { ...facts, started: true };
    case "sources": {
      const known = (name: string) => (event.changed.includes(name) ? null : facts.sources[name]);
      const sources = event.sources.map((name) => [name, known(name) ?? SILENT_SOURCE] as const);
      return withSources(facts, Object.fromEntries(sources), null);
    }
    case "source":
      return withSources(facts, nextSources(facts.sources, event), event.error);
    case "frames":
      // Frames still under way when the source was lost do not make it well again.
      if (facts.source === "lost") return facts;
      if (facts.delivering && facts.error === null) return facts;
      return { ...facts, delivering: true, error: null };
    case "ended":
      return { ...INITIAL_FACTS, error: event.error ?? facts.error };
    case "stopped":
      return { ...INITIAL_FACTS, stopped: true };
  }
}

function withSources(
  facts: RunFacts,
  sources: RunFacts["sources"],
  error: ReportedError | null,
): RunFacts {
  const source = togetherOf(sources);
  const plays = source === "playing";
  return {
    ...facts,
    ...{ source, sources },
    noPicture: Object.values(sources).every(({ noPicture }) => noPicture),
    delivering: facts.delivering && plays,
    // Of one that is lost while others play, its own facts tell.
    error: plays ? facts.error : (error ?? facts.error),
  };
}

function silent(names: readonly string[]): RunFacts["sources"] {
  return Object.fromEntries(names.map((name) => [name, SILENT_SOURCE]));
}
