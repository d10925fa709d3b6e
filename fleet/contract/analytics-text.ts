import type { AnalyticsEvent, VisitEnd } from "./analytics.ts";

const END_TEXTS: Readonly<Record<VisitEnd, string>> = {
  left: "left",
  lost: "was lost in",
  cut: "was last seen in",
  "source-lost": "was in, when the source was lost,",
  "source-ended": "was in, when the source ended,",
  "runner-ended": "was in, when the runner ended,",
  unknown: "is no longer in",
};

/** What people are told of it: who, where, how long, how sure. */
export function analyticsText(event: AnalyticsEvent): string {
  const { label, trackId, place, source, best } = event;
  const who = `${label} ${trackId}`;
  const at = source === undefined ? "" : ` at ${source}`;
  const sure = ` (score ${best.score.toFixed(2)})`;
  switch (event.kind) {
    case "line-crossed":
      return `${who} crossed ${place} ${event.direction}${at}${sure}`;
    case "zone-entered":
      return `${who} entered ${place}${at}${sure}`;
    case "zone-stayed":
      return `${who} has been in ${place} for ${seconds(event.dwellMs)}${at}${sure}`;
    case "zone-left":
      return `${who} ${END_TEXTS[event.end]} ${place} after ${seconds(event.dwellMs)}${at}${sure}`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
