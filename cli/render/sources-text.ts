import type { PipelineStats, SourceStats } from "../../fleet/contract/index.ts";
import { formatBareMs, formatCount, formatFps } from "./format.ts";
import { type Column, table } from "./table.ts";

type Sources = Pick<PipelineStats, "source" | "sources">;

/** "playing"; of several, "3 of 4 playing, gate lost". */
export function sourcesText({ source, sources = [] }: Sources): string {
  if (sources.length < 2) return source.state;
  const unwell = sources.filter(({ state }) => state !== "playing");
  const playing = `${sources.length - unwell.length} of ${sources.length} playing`;
  return [playing, ...unwell.map(({ name, state }) => `${name} ${state}`)].join(", ");
}

/** No source of it gives a picture that was to give one. */
export function isWithoutSource({ source, sources = [] }: Sources): boolean {
  return source.state === "lost" && sources.every(({ state }) => state !== "playing");
}

/** How frames of several sources share runs, where they do not and that is not the model's own shape. */
export function batchLines({ batch }: Pick<PipelineStats, "batch">): string[] {
  return batch?.why === undefined
    ? []
    : [`  sources take turns, a run for each picture: ${batch.why}`];
}

/** How many frames the model has looked at, where not at all. */
export function lookedLines({ source, sources = [] }: Sources): string[] {
  const all = (sources.length > 1 ? sources : [source]).flatMap(({ detect }) => detect ?? []);
  const [first] = all;
  if (first === undefined) return [];
  const detected = all.reduce((sum, { detectedTotal }) => sum + detectedTotal, 0);
  const skipped = all
    .flatMap(({ skipped: each }) => each)
    .reduce((sum, { total }) => sum + total, 0);
  return [
    `  detects in every ${first.interval}. frame: ${formatCount(detected)} of ${formatCount(detected + skipped)}`,
  ];
}

const COLUMNS: readonly Column[] = [
  { title: "  SOURCE", shrinksTo: 10 },
  { title: "STATE" },
  { title: "FPS", align: "right" },
  { title: "P50 ms", align: "right" },
  { title: "P95 ms", align: "right" },
  { title: "DECODER", shrinksTo: 8 },
  { title: "RECONNECTS", align: "right" },
  { title: "DROPS", align: "right" },
];

/** A row for each of several sources, under a head; nothing of one, which its pipeline's row tells. */
export function sourceTable(sources: readonly SourceStats[] = [], width: number): string[] {
  if (sources.length < 2) return [];
  const rows = sources.map((source) => [
    `  ${source.name}`,
    source.state,
    formatFps(source.fps),
    formatBareMs(source.latencyMs?.p50),
    formatBareMs(source.latencyMs?.p95),
    source.decoder ?? "-",
    formatCount(source.reconnects),
    formatCount(source.droppedTotal),
  ]);
  return table(COLUMNS, rows, width);
}
