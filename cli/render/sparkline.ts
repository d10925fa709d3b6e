const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/** Nothing was measured there: a hole must not look like a zero. */
const NOTHING = "·";

export interface Sparkline {
  /** One column per value, the newest last. */
  text: string;
  least: number;
  most: number;
}

/** Figures as a row of bars from 0 to their greatest, at most `width` of the newest; null when there are none. */
export function sparkline(values: readonly (number | null)[], width: number): Sparkline | null {
  const shown = values.slice(-Math.max(1, width));
  const known = shown.filter((value) => value !== null);
  if (known.length === 0) return null;
  const most = Math.max(...known);
  const bar = (value: number | null): string => {
    if (value === null) return NOTHING;
    const step = most <= 0 ? 0 : Math.round((value / most) * (BARS.length - 1));
    return BARS[Math.max(0, step)] ?? NOTHING;
  };
  return { text: shown.map(bar).join(""), least: Math.min(...known), most };
}
