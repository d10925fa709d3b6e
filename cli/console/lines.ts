import { fit, pad, printable, widthOf } from "../render/columns.ts";

/** Colour means something is abnormal; what is normal stays plain. */
export type Tone = "plain" | "strong" | "faint" | "bad" | "warn" | "selected";

export interface Line {
  text: string;
  tone: Tone;
}

export function line(text: string, tone: Tone = "plain"): Line {
  return { text: printable(text), tone };
}

export const rule = (width: number): Line => line("─".repeat(width), "faint");

function isRule(last: Line | undefined): boolean {
  return last !== undefined && /^─+$/.test(last.text);
}

const NARROW = 50;

/** Below this height every line counts. */
export const TALL = 32;

/** Short facts in a row, broken between facts only. */
export function wrapped(parts: readonly string[], width: number): Line[] {
  const rows: string[] = [];
  for (const part of parts) {
    const joined = rows.length > 0 ? `${rows.at(-1)} · ${part}` : part;
    if (rows.length > 0 && widthOf(joined) <= width) rows[rows.length - 1] = joined;
    else rows.push(part);
  }
  return rows.map((text) => line(text));
}

/** Left and right text on one line; the left gives way, and on a narrow screen the right goes. */
export function spread(left: string, right: string, width: number): string {
  if (width < NARROW) return fit(left, width);
  const room = Math.max(0, width - widthOf(right) - 1);
  return fit(`${pad(fit(left, room), room)} ${right}`, width);
}

/**
 * Exactly `height` lines: `body` cut or filled, `footer` always last. A frame taller than the terminal would make it
 * flicker and scroll.
 */
export function page(body: readonly Line[], footer: readonly Line[], size: Size): Line[] {
  const room = Math.max(0, size.height - footer.length);
  const kept = body.slice(0, room);
  // What stood below it was cut.
  if (isRule(kept.at(-1))) kept.pop();
  const filling = Array.from({ length: room - kept.length }, () => line(""));
  return [...kept, ...filling, ...footer]
    .slice(-size.height)
    .map(({ text, tone }) => line(fit(text, size.width), tone));
}

export interface Size {
  width: number;
  height: number;
}
