import type { ToldEvent } from "../../fleet/hub/client/index.ts";
import type { Palette } from "./colour.ts";
import { printable } from "./columns.ts";
import { formatAge } from "./format.ts";

/** An arrival later than this was an outage, not the network. */
const LATE_MS = 60_000;
const WRONG = new Set([
  "device-offline",
  "journal-broken",
  "history-set-aside",
  "too-many-messages",
  "unreadable",
]);

/** One event on one line: when, where, what kind, what happened. */
export function eventLine(event: ToldEvent, palette: Palette): string {
  const { device, pipeline, kind, message, timeMs } = event;
  const where = device === null ? "hub" : pipeline === null ? device : `${device}/${pipeline}`;
  const paint = WRONG.has(kind) ? palette.bad : (text: string): string => text;
  const notes = notesOf(event).map((note) => palette.faint(` (${note})`));
  return `${dateTime(timeMs)}  ${where}  ${paint(`${kind}: ${printable(message)}`)}${notes.join("")}`;
}

/** What keeps the time from being the whole truth. */
function notesOf({ data, timeMs, receivedAtMs, deviceAtMs }: ToldEvent): string[] {
  const offlineMs = data?.["offlineMs"];
  return [
    ...(typeof offlineMs === "number" ? [`was offline for ${formatAge(offlineMs)}`] : []),
    ...(deviceAtMs !== null && deviceAtMs !== timeMs
      ? [`the device's clock said ${dateTime(deviceAtMs)}`]
      : []),
    ...(receivedAtMs - timeMs > LATE_MS ? [`heard ${formatAge(receivedAtMs - timeMs)} later`] : []),
  ];
}

/** Local time. */
export function dateTime(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
