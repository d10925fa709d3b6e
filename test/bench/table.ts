import type { BenchResult } from "./bench.ts";

/** Columns as wide as their widest cell; numbers to the right. */
export function formatTable(rows: BenchResult["rows"]): string {
  const keys = Object.keys(rows[0] ?? {});
  const lines = [keys, ...rows.map((row) => keys.map((key) => formatCell(row[key] ?? null)))];
  const widths = keys.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const isNumber = keys.map((key) => rows.every((row) => typeof row[key] !== "string"));
  return lines
    .map((line) =>
      line
        .map((cell, i) =>
          isNumber[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function formatCell(value: string | number | null): string {
  if (value === null) return "-";
  return typeof value === "number" ? value.toFixed(1) : value;
}
