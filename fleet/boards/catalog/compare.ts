import type { JetpackRelease } from "./jetpack-release.ts";
import { MODULE_ROWS, type Module, type ModuleRow } from "./module.ts";
import { SOCS } from "./soc.ts";
import { best, type Fact, from, type Sourced, type SourceKey, UNKNOWN } from "./sourced.ts";
import { deepstreamOf, releasesFor, vpiBackends } from "./support.ts";

export interface ComparisonRow {
  key: string;
  title: string;
  /** One cell per module, in the order asked for; an empty cell is unknown. */
  cells: Sourced<string>[];
}

/** Modules side by side: first the rows of the notes, then what the planner and the fleet need to know. */
export function compareModules(modules: readonly Module[]): ComparisonRow[] {
  const row = (
    key: string,
    title: string,
    cell: (module: Module) => Sourced<string>,
  ): ComparisonRow => ({ key, title, cells: modules.map(cell) });
  const noteRows = (Object.keys(MODULE_ROWS) as ModuleRow[]).map((key) =>
    row(key, MODULE_ROWS[key], ({ rows }) => rows[key]),
  );
  return [...noteRows, ...FURTHER_ROWS.map(([key, title, cell]) => row(key, title, cell))];
}

const FURTHER_ROWS: readonly [string, string, (module: Module) => Sourced<string>][] = [
  ["module", "Module part number", ({ partNumbers }) => partNumbersCell(partNumbers)],
  ["soc", "Chip", ({ soc }) => from("jtop", SOCS[soc].title)],
  ["computeCapability", "Compute capability", ({ soc }) => from("jtop", smOf(soc))],
  ["cudaCores", "CUDA cores", ({ cudaCores }) => numbers(cudaCores, "")],
  ["tensorCores", "Tensor Cores", ({ tensorCores }) => numbers(tensorCores, "")],
  ["gpuMaxMhz", "GPU clock", ({ gpuMaxMhz }) => numbers(gpuMaxMhz, " MHz")],
  ["fastInt8", "Fast INT8 on the GPU", ({ soc }) => yesNo(SOCS[soc].fastInt8)],
  ["dlaCores", "DLA cores", ({ dlaCores }) => numbers(dlaCores, "")],
  ["dlaTops", "INT8 rate of one DLA", ({ dlaTops }) => numbers(dlaTops, " TOPS")],
  ["dlaMaxMhz", "DLA clock", ({ dlaMaxMhz }) => numbers(dlaMaxMhz, " MHz")],
  ["pva", "PVA of the chip", ({ soc }) => SOCS[soc].pva],
  ["vic", "Video image compositor", ({ soc }) => SOCS[soc].vic],
  ["bandwidth", "Memory bandwidth", ({ bandwidthGBps }) => numbers(bandwidthGBps, " GB/s")],
  ["memoryClock", "Memory clock", ({ emcMaxMhz }) => numbers(emcMaxMhz, " MHz")],
  ["decodeRate", "Decoder", (module) => numbers(module.decodeMpixPerSecond, " MP/s")],
  ["encodeRate", "Encoder", (module) => numbers(module.encodeMpixPerSecond, " MP/s")],
  ["powerModes", "Power modes", powerModesCell],
  ["bootsInto", "Boots into mode", ({ powerModes }) => numbers(powerModes.bootsInto, "")],
  ["jetpack", "JetPack", (module) => newest(module, (one) => one.versions)],
  ["tensorrt", "TensorRT of the newest", (module) => newest(module, (one) => [one.tensorrt])],
  [
    "deepstream",
    "DeepStream of the newest",
    (module) => newest(module, (one) => [deepstreamOf(module, one)]),
  ],
  ["vpi", "VPI of the newest", (module) => newest(module, (one) => one.vpi ?? ["none"])],
  ["vpiBackends", "VPI back ends", vpiCell],
  ["visionworks", "VisionWorks last in", visionworksCell],
];

function smOf(soc: Module["soc"]): string {
  const { computeCapability } = SOCS[soc];
  return `${computeCapability} (sm_${computeCapability.replace(".", "")})`;
}

function partNumbersCell(partNumbers: readonly string[]): Sourced<string> {
  return partNumbers.length === 0 ? from("general", "none") : from("jtop", partNumbers.join(", "));
}

function numbers(facts: Sourced<number>, unit: string): Sourced<string> {
  return facts.map(({ value, source }) => ({ value: `${value}${unit}`, source }));
}

function yesNo(facts: Sourced<boolean>): Sourced<string> {
  return facts.map(({ value, source }) => ({ value: value ? "yes" : "no", source }));
}

function powerModesCell({ powerModes: { modes, source } }: Module): Sourced<string> {
  return modes.length === 0
    ? UNKNOWN
    : from(source, modes.map(({ id, name }) => `${id} ${name}`).join(", "));
}

function newest(
  module: Module,
  pick: (release: JetpackRelease) => readonly string[],
): Sourced<string> {
  const releases = releasesFor(module);
  const release = releases[releases.length - 1];
  if (!release) return module.partNumbers.length === 0 ? from("general", "none") : UNKNOWN;
  const picked = pick(release);
  const text =
    picked.length > 1 ? `${picked[0]} to ${picked[picked.length - 1]}` : (picked[0] ?? "");
  return from("relnotes", text);
}

function vpiCell(module: Module): Sourced<string> {
  const releases = releasesFor(module);
  const release = releases[releases.length - 1];
  return release?.vpi ? from("vpi", vpiBackendsText(module, release)) : UNKNOWN;
}

/** Back ends in one line; a vision accelerator that nobody confirmed is named as such. */
export function vpiBackendsText(module: Module, release: JetpackRelease): string {
  const known = vpiBackends(module, release);
  if (known.length === 0) return "none";
  const open = best(SOCS[module.soc].pva) === null && best(module.rows.visionAccelerator) === null;
  return [...known, ...(open ? ["pva unknown"] : [])].join(", ");
}

function visionworksCell(module: Module): Sourced<string> {
  const last = releasesFor(module)
    .filter(({ visionworks }) => visionworks !== null)
    .pop();
  if (!last) return from("general", "none");
  return from(
    "general",
    `JetPack ${last.versions[last.versions.length - 1]} (${last.visionworks})`,
  );
}

/** A cell as one line; sources that differ stand beside each other with their names. */
export function cellText(cell: Sourced<string>, sourceName: (key: SourceKey) => string): string {
  const [only, ...others] = cell;
  if (!only) return "unknown";
  // What is said of a sister is not said of this module.
  if (others.length === 0 && only.source !== "notes16") return only.value;
  return cell.map((fact: Fact<string>) => `${fact.value} (${sourceName(fact.source)})`).join(" · ");
}
