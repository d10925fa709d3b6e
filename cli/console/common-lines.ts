import type { FleetView } from "../../fleet/view/index.ts";
import { NO_PALETTE } from "../render/colour.ts";
import { dateTime } from "../render/event-text.ts";
import { leftOutText } from "../render/left-out.ts";
import { problemText } from "../render/status-text.ts";
import { type Line, line, rule } from "./lines.ts";

export function problemLines(view: Pick<FleetView, "problems">, width: number): Line[] {
  if (view.problems.length === 0) return [];
  const lines = view.problems.flatMap((problem) =>
    problemText(problem, width, NO_PALETTE).map((text) =>
      line(text, text.startsWith("  ") ? "plain" : problem.severity === "error" ? "bad" : "warn"),
    ),
  );
  return [rule(width), ...lines];
}

interface EventOnScreen {
  atMs: number;
  /** Stands in front of the message unless it is null. */
  where: string | null;
  message: string;
}

/** Under a rule of their own, in the order given; `view` says how old they are, and whether they still come. */
export function eventLines(
  events: readonly EventOnScreen[],
  { generatedAtMs, hub }: Pick<FleetView, "generatedAtMs" | "hub">,
  width: number,
): Line[] {
  const lost = hub.eventsError === null ? [] : [line(`no more events: ${hub.eventsError}`, "bad")];
  const leftOut = leftOutText(hub);
  const head = [rule(width), ...(leftOut === null ? [] : [line(leftOut, "warn")]), ...lost];
  if (events.length === 0) return [...head, line("no event yet", "faint")];
  const lines = events.map(({ atMs, where, message }) =>
    line(
      `${eventClock(atMs, generatedAtMs)}  ${where === null ? "" : `${where}: `}${message}`,
      "faint",
    ),
  );
  return [...head, ...lines];
}

/** Of the same day the time, of an earlier one the day as well. */
export function eventClock(atMs: number, nowMs: number): string {
  const at = dateTime(atMs);
  return at.slice(0, 10) === dateTime(nowMs).slice(0, 10) ? at.slice(11) : at.slice(5, 16);
}

export function clockOf(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}
