import {
  best,
  type ComparisonRow,
  cellText,
  compareModules,
  deepstreamOf,
  type JetpackRelease,
  type Module,
  type PowerModeLimits,
  releasesFor,
  SOCS,
  SOURCES,
  type SourceKey,
  vpiBackendsText,
} from "../../fleet/boards/catalog/index.ts";
import { pad, widthOf, wrap } from "./columns.ts";
import { type Column, table } from "./table.ts";

const WIDE = 1000;

/** `jetfleet modules`: one line a module. */
export function moduleListLines(modules: readonly Module[]): string[] {
  const columns: Column[] = [
    { title: "MODULE" },
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
    "`?` is unknown; `jetfleet modules show MODULE` names the sources.",
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

/** `jetfleet modules show`: every row with its source. */
export function moduleLines(module: Module, width: number): string[] {
  const rows = compareModules([module]).map(({ title, cells: [cell = []] }) => [
    title,
    cellText(cell, shortSource),
    cell.length === 1 ? shortSource(cell[0]?.source ?? "general") : "",
  ]);
  const [titleWidth, sourceWidth] = [0, 2].map((at) =>
    Math.max(...rows.map((row) => widthOf(row[at] ?? ""))),
  ) as [number, number];
  const cellWidth = Math.max(24, width - titleWidth - sourceWidth - 4);
  return [
    module.title,
    ...rows.flatMap((row) => wrappedRow(row, titleWidth, cellWidth)),
    "",
    ...powerModeLines(module),
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
  { title: "VISIONWORKS" },
  { title: "VPI" },
  { title: "VPI BACK ENDS" },
];

const MODE_COLUMNS: readonly Column[] = [
  { title: "POWER MODE" },
  { title: "CPUS", align: "right" },
  { title: "CPU MHz", align: "right" },
  { title: "GPU MHz", align: "right" },
  { title: "DLA MHz", align: "right" },
  { title: "PVA MHz", align: "right" },
  { title: "MEMORY MHz", align: "right" },
  { title: "TPC MASK", align: "right" },
  { title: "SOURCE" },
];

function powerModeLines({ powerModes: { modes, source, variants = [] } }: Module): string[] {
  if (modes.length === 0) return [];
  const rowsOf = (some: typeof modes, from: SourceKey): string[][] =>
    some.flatMap((mode) => [
      modeCells(`${mode.id} ${mode.name}`, mode, from),
      ...(mode.elsewhere ? [modeCells("", mode.elsewhere, mode.elsewhere.source)] : []),
    ]);
  const others = variants.flatMap(({ image, modes: some, source: from }) => [
    ...table([{ title: image }], [], WIDE),
    ...table(MODE_COLUMNS, rowsOf(some, from), WIDE),
    "",
  ]);
  return [...table(MODE_COLUMNS, rowsOf(modes, source), WIDE), "", ...others];
}

function modeCells(name: string, mode: PowerModeLimits, source: SourceKey): string[] {
  const limit = (mhz: number | null | undefined): string =>
    mhz === undefined ? "?" : mhz === null ? "max" : String(mhz);
  return [
    name,
    mode.cpusOnline === undefined ? "?" : String(mode.cpusOnline),
    limit(mode.cpuMaxMhz),
    limit(mode.gpuMaxMhz),
    limit(mode.dlaMaxMhz),
    limit(mode.pvaVpsMaxMhz),
    limit(mode.emcMaxMhz),
    mode.tpcPgMask === undefined ? "?" : String(mode.tpcPgMask),
    source,
  ];
}

function jetpackCells(module: Module, release: JetpackRelease): string[] {
  const range = (all: readonly string[]): string =>
    all.length > 1 ? `${all[0]} to ${all[all.length - 1]}` : (all[0] ?? "");
  return [
    range(release.versions),
    range(release.l4t),
    release.ubuntu,
    release.cuda,
    tensorrtText(release),
    deepstreamOf(module, release),
    release.visionworks ?? "none",
    range(release.vpi ?? ["none"]),
    vpiBackendsText(module, release),
  ];
}

/** Both versions where two sources differ. */
function tensorrtText({ tensorrt, tensorrtElsewhere: other }: JetpackRelease): string {
  return other ? `${tensorrt} · ${other.value} (${shortSource(other.source)})` : tensorrt;
}

/** `jetfleet modules compare`: the rows of the notes first; sources that differ stand side by side. */
export function comparisonLines(
  modules: readonly Module[],
  rows: readonly ComparisonRow[],
  width: number,
): string[] {
  const titleWidth = Math.max(...rows.map(({ title }) => widthOf(title)));
  const cellWidth = Math.max(24, Math.floor((width - titleWidth) / modules.length) - 2);
  const head = ["", ...modules.map(({ title }) => title)];
  const family = modules.some(({ rows: { gpu } }) =>
    gpu.some(({ source }) => source === "notes16"),
  );
  const body = rows.map(({ title, cells }) => [
    title,
    ...cells.map((cell) => cellText(cell, shortSource)),
  ]);
  return [
    ...[head, ...body].flatMap((cells) => wrappedRow(cells, titleWidth, cellWidth)),
    "",
    ...(family ? [...wrap(FAMILY_NOTE, width), ""] : []),
    ...sourceLines(width),
  ];
}

const FAMILY_NOTE =
  "agx-xavier is the family's developer kit with 32 GB; the notes of 2019 speak of the module with 16 GB, agx-xavier-16gb: what is theirs alone is marked notes16.";

function wrappedRow(cells: readonly string[], titleWidth: number, cellWidth: number): string[] {
  const columns = cells.map((cell, at) => (at === 0 ? [cell] : wrap(cell, cellWidth)));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, at) => pad(lines[line] ?? "", at === 0 ? titleWidth : cellWidth))
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
