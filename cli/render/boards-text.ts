import {
  best,
  type ComparisonRow,
  cellText,
  compareModules,
  type JetpackRelease,
  type Module,
  releasesFor,
  SOCS,
  SOURCES,
  type SourceKey,
  vpiBackends,
} from "../../fleet/boards/catalog/index.ts";
import { wrap } from "./format.ts";
import { type Column, table } from "./table.ts";

const WIDE = 1000;

/** `jetfleet boards`: one line a module. */
export function boardListLines(modules: readonly Module[]): string[] {
  const columns: Column[] = [
    { title: "BOARD" },
    { title: "CHIP" },
    { title: "SM" },
    { title: "CORES", align: "right" },
    { title: "TENSOR", align: "right" },
    { title: "DLA", align: "right" },
    { title: "GB", align: "right" },
    { title: "GB/s", align: "right" },
    { title: "JETPACK" },
    { title: "TITLE" },
  ];
  const rows = modules.map((module) => [
    module.id,
    SOCS[module.soc].gpuName,
    `sm_${SOCS[module.soc].computeCapability.replace(".", "")}`,
    number(best(module.cudaCores)),
    number(best(module.tensorCores)),
    number(best(module.dlaCores)),
    number(best(module.memoryGb)),
    number(best(module.bandwidthGBps)),
    jetpackRange(module),
    module.title,
  ]);
  return [
    ...table(columns, rows, WIDE),
    "",
    "`?` is unknown; `jetfleet boards show BOARD` names the sources.",
  ];
}

function number(value: number | null): string {
  return value === null ? "?" : String(value);
}

function jetpackRange(module: Module): string {
  const releases = releasesFor(module);
  const last = releases[releases.length - 1]?.versions;
  if (!last) return "-";
  const first = best(module.firstJetpack) ?? releases[0]?.versions[0] ?? "?";
  return `${first} to ${last[last.length - 1]}`;
}

/** `jetfleet boards show`: every row with its source. */
export function boardLines(module: Module, width: number): string[] {
  const rows = compareModules([module]).map(({ title, cells: [cell = []] }) => [
    title,
    cellText(cell, shortSource),
    cell.length === 1 ? shortSource(cell[0]?.source ?? "general") : "",
  ]);
  const columns: Column[] = [
    { title: module.title },
    { title: "", shrinksTo: 30 },
    { title: "SOURCE" },
  ];
  return [
    ...table(columns, rows, width),
    "",
    ...table(
      JETPACK_COLUMNS,
      releasesFor(module).map((release) => jetpackCells(module, release)),
      WIDE,
    ),
    "",
    ...sourceLines(width),
  ];
}

const JETPACK_COLUMNS: readonly Column[] = [
  { title: "JETPACK" },
  { title: "L4T" },
  { title: "UBUNTU" },
  { title: "CUDA" },
  { title: "TENSORRT" },
  { title: "DEEPSTREAM" },
  { title: "VPI" },
  { title: "VPI BACK ENDS" },
];

function jetpackCells(module: Module, release: JetpackRelease): string[] {
  const range = (all: readonly string[]): string =>
    all.length > 1 ? `${all[0]} to ${all[all.length - 1]}` : (all[0] ?? "");
  return [
    range(release.versions),
    range(release.l4t),
    release.ubuntu,
    release.cuda,
    release.tensorrt,
    release.deepstream,
    release.vpi ?? "none",
    vpiBackends(module, release).join(", ") || "-",
  ];
}

/** `jetfleet boards compare`: the rows of the notes first; sources that differ stand side by side. */
export function comparisonLines(
  modules: readonly Module[],
  rows: readonly ComparisonRow[],
  width: number,
): string[] {
  const titleWidth = Math.max(...rows.map(({ title }) => title.length));
  const cellWidth = Math.max(24, Math.floor((width - titleWidth) / modules.length) - 2);
  const head = ["", ...modules.map(({ title }) => title)];
  const body = rows.map(({ title, cells }) => [
    title,
    ...cells.map((cell) => cellText(cell, shortSource)),
  ]);
  return [
    ...[head, ...body].flatMap((cells) => wrappedRow(cells, titleWidth, cellWidth)),
    "",
    ...sourceLines(width),
  ];
}

function wrappedRow(cells: readonly string[], titleWidth: number, cellWidth: number): string[] {
  const columns = cells.map((cell, at) => (at === 0 ? [cell] : wrap(cell, cellWidth)));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, at) => (lines[line] ?? "").padEnd(at === 0 ? titleWidth : cellWidth))
      .join("  ")
      .trimEnd(),
  );
}

function shortSource(key: SourceKey): string {
  return key;
}

function sourceLines(width: number): string[] {
  const said = Object.entries(SOURCES).map(([key, text]) => `${key} = ${text}`);
  return wrap(`Sources: ${said.join("; ")}.`, width);
}
