import type { PipelineState, PipelineStats, ReportedError } from "../../fleet/contract/index.ts";

/** What is known of a pipeline; its state is computed from this and never stored. */
export interface RunFacts {
  stopped: boolean;
  /** The runner has loaded the model and opened its source. */
  started: boolean;
  source: PipelineStats["source"]["state"] | null;
  /** This runner said that its source is lost or ended, and has not seen it play since. */
  noPicture: boolean;
  /** Frames have come out since the source last began to play. */
  delivering: boolean;
  /** What ended the runner or what the source complains of; null when nothing is wrong. */
  error: ReportedError | null;
}

export const INITIAL_FACTS: RunFacts = {
  stopped: false,
  started: false,
  source: null,
  noPicture: false,
  delivering: false,
  error: null,
};

/** A file that ended is stopped, not failed. A source that complains is failed until frames flow again. */
export function stateOf(facts: RunFacts): PipelineState {
  if (facts.stopped || facts.source === "ended") return "stopped";
  if (facts.error !== null) return "failed";
  return facts.started && facts.delivering ? "running" : "starting";
}

export type RunEvent =
  | { type: "launched" }
  | { type: "started" }
  | { type: "source"; state: NonNullable<RunFacts["source"]>; error: ReportedError | null }
  | { type: "frames" }
  | { type: "ended"; error: ReportedError | null }
  | { type: "stopped" };

/** The facts after an event; the very same object when it changes nothing. */
export function nextFacts(facts: RunFacts, event: RunEvent): RunFacts {
  switch (event.type) {
    case "launched":
      // The error stays until the new attempt is past the point that failed.
      return { ...INITIAL_FACTS, error: facts.error };
    case "started":
      return { ...facts, started: true };
    case "source":
      return {
        ...facts,
        source: event.state,
        noPicture: event.state === "connecting" ? facts.noPicture : event.state !== "playing",
        delivering: facts.delivering && event.state === "playing",
        error: event.state === "playing" ? facts.error : (event.error ?? facts.error),
      };
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
