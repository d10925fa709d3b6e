import { FleetError } from "../fleet/errors/index.ts";

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Year, month and day, with a time of day or not, as in ISO 8601; without a zone it is the local one. */
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** A moment as people say it: how long ago (`90s`, `30m`, `2h`, `7d`) or when. Throws USAGE naming `option`. */
export function momentOf(text: string, option: string, nowMs = Date.now()): number {
  const agoMs = parseSpan(text);
  if (agoMs !== null) return Math.max(0, nowMs - agoMs);
  const moment = ISO.test(text) ? Date.parse(withTime(text)) : Number.NaN;
  if (Number.isNaN(moment)) {
    throw new FleetError("USAGE", `Expected ${option} to be such as 2h or 2026-11-03T14:00`, {
      hint: "Say how long ago (90s, 30m, 2h, 7d), or when (2026-11-03, 2026-11-03T14:00Z).",
    });
  }
  return Math.max(0, moment);
}

/** A time as people say it: `90s`, `30m`, `2h`, `7d`. Throws USAGE naming `option`. */
export function spanMs(text: string, option: string): number {
  const ms = parseSpan(text);
  if (ms !== null && ms > 0) return ms;
  throw new FleetError("USAGE", `Expected ${option} to be such as 2h but got ${text}`, {
    hint: "Say how long: 90s, 30m, 2h, 7d.",
  });
}

function parseSpan(text: string): number | null {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? null : Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** A bare date would be taken for midnight in UTC. */
function withTime(text: string): string {
  return text.includes("T") ? text : `${text}T00:00`;
}
