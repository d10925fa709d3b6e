import type { DeviceView } from "../../fleet/view/index.ts";
import { formatFps, formatMs } from "../render/format.ts";
import { sparkline } from "../render/sparkline.ts";
import { type Line, line, type Size, TALL } from "./lines.ts";

/** The label before it and the range behind it. */
const AROUND = 38;

/** How a pipeline did in the last hour, a minute a column; on a low screen its rate alone. */
export function pastLines({ past }: DeviceView, name: string, { width, height }: Size): Line[] {
  const figures = past?.pipelines[name];
  if (!past || !figures) return [];
  const columns = Math.max(10, width - AROUND);
  const rows = [
    row("fps", figures.fps, columns, formatFps),
    ...(height < TALL ? [] : [row("p95", figures.latencyP95Ms, columns, formatMs)]),
  ];
  return rows.filter((text) => text !== null).map((text) => line(text));
}

function row(
  label: string,
  values: readonly (number | null)[],
  columns: number,
  format: (value: number) => string,
): string | null {
  const bars = sparkline(values, columns);
  if (!bars) return null;
  const minutes = Math.min(columns, values.length);
  return `  ${label} ${bars.text} ${format(bars.least)} to ${format(bars.most)}, ${minutes} min`;
}
