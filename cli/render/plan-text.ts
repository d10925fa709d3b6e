import type { Candidate, Diagnostic, Plan } from "../../fleet/plan/index.ts";
import { wrap } from "./columns.ts";
import { type Column, table } from "./table.ts";

const NODES_SHOWN = 4;

const VERDICTS: Readonly<Record<Plan["verdict"], string>> = {
  runs: "RUNS",
  refused: "REFUSED",
  unknown: "UNKNOWN",
};

/** A plan as a person reads it: the answer first, then what it rests on. */
export function planLines(plan: Plan, width: number, everyLayer: boolean): string[] {
  const { standing, notes, fallen } = sorted(plan.diagnostics);
  return [
    ...wrap(`${VERDICTS[plan.verdict]}: ${plan.summary}`, width),
    "",
    ...headLines(plan),
    ...section("Ways to run it", candidateLines(plan, width)),
    ...section("What it takes of the board", admissionLines(plan, width)),
    ...section("What stands in the way", diagnosticLines(standing, width)),
    ...section("What to know", diagnosticLines(notes, width)),
    ...section("What a DLA leaves to the GPU", diagnosticLines(fallen, width)),
    ...section("Layers", everyLayer ? layerLines(plan, width) : []),
    ...section(
      "This rests on",
      plan.restsOn.flatMap((line) => indented(`- ${line}`, width)),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, at) => (at === 0 ? `  ${line}` : `    ${line}`));
}

function headLines({
  model,
  module,
  jetpack,
  tensorrt,
  powerMode,
  memoryMib,
  buildMinutes,
}: Plan): string[] {
  const inputs = model.inputs.map(
    ({ name, dims }) => `${name} ${dims.map((dim) => (dim < 0 ? "?" : dim)).join("×")}`,
  );
  const builder = tensorrt?.startsWith("RTX") ? `TensorRT-${tensorrt}` : `TensorRT ${tensorrt}`;
  const release = jetpack === null ? builder : `JetPack ${jetpack}, ${builder}`;
  const memory = memoryMib
    ? `${memoryMib.expected.toFixed(0)} MiB (${memoryMib.low.toFixed(0)} to ${memoryMib.high.toFixed(0)})`
    : "unknown";
  const build = buildMinutes ? buildTime(buildMinutes) : "unknown";
  return [
    `  model   ${model.layers} layers, ${work(model)}, ${(model.parameters / 1e6).toFixed(2)} M parameters, opset ${model.opset}${model.batch === 1 ? "" : `, ${model.batch} pictures at once`}`,
    `  input   ${inputs.join("; ")}`,
    `  module  ${module}, ${release}, power mode ${powerMode}`,
    `  memory  ${memory}, with CUDA and its libraries`,
    `  build   ${build} the first time, on the board`,
  ];
}

/** Operations; at least so many where some layers are not counted. */
function work({ gflops, uncounted }: Plan["model"]): string {
  const known = `${gflops.toFixed(2)} GFLOP`;
  return uncounted === 0
    ? known
    : `at least ${known} (${uncounted} ${uncounted === 1 ? "layer" : "layers"} not counted)`;
}

/** In seconds where it is expected to take less than a minute. */
function buildTime({ expected, low, high }: NonNullable<Plan["buildMinutes"]>): string {
  const isShort = expected < 1;
  const said = [expected, low, high].map((minutes) => inFull(isShort ? 60 * minutes : minutes));
  return `about ${said[0]} ${isShort ? "s" : "min"} (${said[1]} to ${said[2]})`;
}

function inFull(value: number): string {
  return value < 1 ? value.toFixed(1) : value.toFixed(0);
}

const CANDIDATE_COLUMNS: readonly Column[] = [
  { title: "  ON" },
  { title: "PRECISION" },
  { title: "MS (80 %)", align: "right" },
  { title: "FPS (80 %)", align: "right" },
  { title: "ON DLA", align: "right" },
  { title: "LOADABLES", align: "right" },
  { title: "REFORMATS", align: "right" },
  { title: "" },
];

function candidateLines({ candidates, chosen }: Plan, width: number): string[] {
  if (candidates.length === 0) return [];
  const rows = candidates.map((one) => candidateRow(one, one.accelerator === chosen?.accelerator));
  return table(CANDIDATE_COLUMNS, rows, width);
}

function candidateRow(
  { accelerator, precision, latencyMs, fps, dlaShare, loadables, reformats }: Candidate,
  isChosen: boolean,
): string[] {
  const usesDla = accelerator !== "gpu";
  return [
    `  ${accelerator}`,
    precision,
    withBounds(latencyMs, 1),
    withBounds(fps, 0),
    usesDla ? (dlaShare === null ? "unknown" : `${(100 * dlaShare).toFixed(0)} %`) : "-",
    usesDla ? String(loadables) : "-",
    usesDla ? String(reformats) : "-",
    isChosen ? "chosen" : "",
  ];
}

function withBounds(interval: Candidate["fps"], digits: number): string {
  if (!interval) return "unknown";
  const [expected, low, high] = [interval.expected, interval.low, interval.high].map((one) =>
    one.toFixed(digits),
  );
  return `${expected} (${low} to ${high})`;
}

function admissionLines({ admissions }: Plan, width: number): string[] {
  const columns: Column[] = [
    { title: "  RESOURCE" },
    { title: "USED", align: "right" },
    { title: "OF", align: "right" },
    { title: "" },
  ];
  const rows = admissions.map(({ resource, used, available, unit, fits }) => [
    `  ${resource}`,
    `${used.toFixed(0)} ${unit}`,
    available === null ? "unknown" : `${available.toFixed(0)} ${unit}`,
    fits === null ? (available === null ? "unknown" : "hardly") : fits ? "fits" : "too much",
  ]);
  return rows.length === 0 ? [] : table(columns, rows, width);
}

/** What refuses the plan, what is only to be known, and what single layers miss on a DLA. */
function sorted(all: readonly Diagnostic[]): Record<"standing" | "notes" | "fallen", Diagnostic[]> {
  const isFallen = ({ severity, nodes }: Diagnostic): boolean =>
    severity === "info" && nodes.length > 0;
  return {
    standing: all.filter(({ severity }) => severity === "error"),
    notes: all.filter((one) => one.severity !== "error" && !isFallen(one)),
    fallen: all.filter(isFallen),
  };
}

function diagnosticLines(diagnostics: readonly Diagnostic[], width: number): string[] {
  return diagnostics.flatMap(({ severity, rule, nodes, message, remedy }) => {
    const shown = nodes.slice(0, NODES_SHOWN).join(", ");
    const more = nodes.length > NODES_SHOWN ? ` and ${nodes.length - NODES_SHOWN} more` : "";
    const where = nodes.length === 0 ? "" : ` [${nodes.length}: ${shown}${more}]`;
    const mark = severity === "info" ? "" : `${severity}: `;
    return [
      ...indented(`${mark}${message} (${rule})${where}`, width),
      ...(remedy === null ? [] : indented(`  remedy: ${remedy}`, width)),
    ];
  });
}

function layerLines({ layers }: Plan, width: number): string[] {
  const columns: Column[] = [
    { title: "  NODE", shrinksTo: 16 },
    { title: "LAYER" },
    { title: "ON" },
    { title: "GFLOP", align: "right" },
    { title: "WHY", shrinksTo: 20 },
  ];
  const rows = layers.map(({ node, layer, device, gflops, rule, message }) => [
    `  ${node}`,
    layer,
    device,
    gflops === null ? "unknown" : gflops.toFixed(3),
    rule === null ? "" : `${message} (${rule})`,
  ]);
  return table(columns, rows, width);
}
