import type { FleetView } from "../../fleet/view/index.ts";
import { NO_PALETTE } from "../render/colour.ts";
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

/** Under a rule of their own, in the order given; `where` stands in front of the message unless it is null. */
export function eventLines(
  events: readonly { atMs: number; where: string | null; message: string }[],
  width: number,
): Line[] {
  if (events.length === 0) {
    return [rule(width), line("no event since this screen was opened", "faint")];
  }
  const lines = events.map(({ atMs, where, message }) =>
    line(`${clockOf(atMs)}  ${where === null ? "" : `${where}: `}${message}`, "faint"),
  );
  return [rule(width), ...lines];
}

export function clockOf(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}
