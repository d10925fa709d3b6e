import { rateOf, type StartedLine, type Tally } from "../../fleet/alone/index.ts";
import type { PipelineStats } from "../../fleet/contract/index.ts";
import { analyticsLines } from "./analytics-text.ts";
import { formatBareMs, formatCount, formatFps, formatMs, shortDigest } from "./format.ts";
import { secondaryLines } from "./secondary-text.ts";
import { batchLines, lookedLines, sourcesText, sourceTable } from "./sources-text.ts";
import { type Column, table } from "./table.ts";

const STAGES: readonly Column[] = [
  { title: "stage", shrinksTo: 8 },
  { title: "engine", shrinksTo: 4 },
  { title: "wait p50", align: "right" },
  { title: "p95", align: "right" },
  { title: "work p50", align: "right" },
  { title: "p95", align: "right" },
  { title: "queue now/max/of", align: "right" },
  { title: "dropped", align: "right" },
];

/** What runs, and where. */
export function startedText({ model, backend, accelerator, precision, why }: StartedLine): string {
  const version = backend.version === null ? "" : ` ${backend.version}`;
  const because = why === null ? "" : `\n  ${accelerator} because: ${why}`;
  return `${model.path} (${shortDigest(model.digest)}) on ${accelerator}, ${precision ?? "the model's own precision"}, ${backend.name}${version}${because}`;
}

/** A second of a pipeline on one line: frames a second now and since the start, latency, what was dropped. */
export function perfLine(stats: PipelineStats, tally: Tally): string {
  const { latencyMs, latencyFrom, source, sources = [] } = stats;
  const name = sources.length > 1 ? stats.name : (source.name ?? stats.name);
  const dropped = tally.drops.reduce((sum, { total }) => sum + total, 0);
  return [
    `${name}: ${formatFps(stats.fps)} fps (${formatFps(rateOf(tally))} in all)`,
    `latency from ${latencyFrom} p50 ${formatMs(latencyMs?.p50)}, p95 ${formatMs(latencyMs?.p95)}`,
    `${formatCount(stats.framesTotal)} frames, ${formatCount(dropped)} dropped`,
  ].join("; ");
}

/** The same with each stage: where the latency goes, and what waits. */
export function liveLines(stats: PipelineStats, tally: Tally, width: number): string[] {
  const rows = stats.stages.map(({ name, engine, waitMs, workMs, queue, dropsTotal }) => [
    name,
    engine ?? "cpu",
    ...[waitMs?.p50, waitMs?.p95, workMs?.p50, workMs?.p95].map(formatBareMs),
    `${queue.level}/${queue.max}/${queue.capacity}`,
    formatCount(dropsTotal),
  ]);
  const { source, sources = [] } = stats;
  const state = source.state === "playing" ? "" : `, ${sourceWord(stats)} ${sourcesText(stats)}`;
  return [
    `${perfLine(stats, tally)}${state}`,
    `decoder ${source.decoder ?? "-"}; ${stats.copiesPerFrame.toFixed(1)} copies a frame; ${objectsText(tally)}`,
    ...sourceTable(sources, width),
    ...lookedLines(stats),
    ...batchLines(stats),
    ...secondaryLines(stats),
    ...analyticsLines(stats),
    ...table(STAGES, rows, width),
  ];
}

function sourceWord({ sources = [] }: PipelineStats): string {
  return sources.length > 1 ? "sources" : "source";
}

/** What was done in all, for the end. */
export function summaryLines(tally: Tally): string[] {
  const { frames, overMs, drops } = tally;
  const rate = rateOf(tally);
  return [
    `${formatCount(frames)} frames in ${(overMs / 1000).toFixed(1)} s${rate === null ? "" : `, ${formatFps(rate)} a second`}; ${objectsText(tally)}`,
    ...analyticsLines(tally),
    ...drops.map(
      ({ place, reason, total }) => `lost: ${formatCount(total)} at ${place} (${reason})`,
    ),
  ];
}

const MOST_LABELS = 6;

function objectsText({ objects, tracks }: Tally): string {
  const some = objects.slice(0, MOST_LABELS).map(([label, count]) => `${count} ${label}`);
  const more = objects.length - some.length;
  const text = some.length === 0 ? "no objects" : `objects: ${some.join(", ")}`;
  const others = more === 0 ? "" : ` and ${more} labels more`;
  return `${text}${others}${tracks === null ? "" : `; ${tracks} tracks`}`;
}
