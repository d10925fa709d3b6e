import { fit, pad, printable, widthOf } from "./columns.ts";

export interface Column {
  title: string;
  align?: "left" | "right";
  /** The column gives way, down to this width, when the table is wider than allowed. */
  shrinksTo?: number;
}

const GAP = 2;

/** Aligned columns, at most `width` wide as far as the shrinkable columns allow. Cells are plain text. */
export function table(
  columns: readonly Column[],
  rows: readonly string[][],
  width: number,
): string[] {
  const titles = columns.map(({ title }) => title);
  const widths = fitWidths(columns, [titles, ...rows], width);
  return [titles, ...rows].map((cells) => line(columns, cells, widths));
}

function fitWidths(columns: readonly Column[], rows: readonly string[][], width: number): number[] {
  const widths = columns.map((_, at) =>
    Math.max(...rows.map((cells) => widthOf(printable(cells[at] ?? "")))),
  );
  const total = (): number =>
    widths.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1);
  while (total() > width) {
    const widest = columns
      .map(({ shrinksTo }, at) => ({ at, spare: (widths[at] ?? 0) - (shrinksTo ?? Infinity) }))
      .filter(({ spare }) => spare > 0)
      .sort((a, b) => b.spare - a.spare)[0];
    if (!widest) break;
    widths[widest.at] = (widths[widest.at] ?? 0) - 1;
  }
  return widths;
}

function line(columns: readonly Column[], cells: readonly string[], widths: number[]): string {
  return columns
    .map(({ align }, at) => {
      const width = widths[at] ?? 0;
      return pad(fit(cells[at] ?? "", width), width, align);
    })
    .join(" ".repeat(GAP))
    .trimEnd();
}
