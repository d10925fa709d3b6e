import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { AloneOrder, type PipelineFile, parsePipelineFile } from "../../fleet/alone/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { analyticsProblems, secondaryProblems } from "../../fleet/spec/index.ts";
import { COCO_LABELS } from "../coco-labels.ts";
import { readLabels, requireFile } from "../input-files.ts";
import { secondariesOf } from "./run-secondaries.ts";

export interface RunOptions {
  source?: string[];
  labels?: string;
  decoder?: string;
  minScore?: string;
  nmsIou?: string;
  interval?: string;
  track?: string;
  secondary?: string[];
  accelerator?: string;
  precision?: string;
  preprocess?: string;
  transport?: string;
  loop?: boolean;
  realtime?: boolean;
  threads?: string;
  frames?: string;
  json?: boolean;
  perf?: boolean;
  kitti?: string;
  hook?: string;
}

/** What is to run: of a pipeline's file or a model, with what the options say instead. Throws USAGE, SPEC_INVALID. */
export async function orderOf(what: string, options: RunOptions): Promise<AloneOrder> {
  const path = await requireFile(what, "PIPELINE.yaml or MODEL");
  const file = /\.ya?ml$/i.test(path) ? await readPipelineFile(path) : null;
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const { source: modelPath, ...modelRest } = file?.model ?? {};
  const { accelerator, precision, ...detect } = file?.detect ?? {};
  const given = {
    name: file?.name ?? "run",
    sources: await sourcesOf(file, options),
    model: laid(modelRest, {
      path: modelPath === undefined ? path : resolve(dirname(path), modelPath),
      labels: await labelsOf(options.labels, file),
      decoder: options.decoder,
    }),
    detect: laid(detect, {
      minScore: number(options.minScore),
      nmsIou: number(options.nmsIou),
      interval: number(options.interval),
      preprocess: options.preprocess,
      accelerator: options.accelerator ?? accelerator,
      precision: options.precision ?? (precision === "auto" ? undefined : precision),
    }),
    track: trackOf(options.track, file),
    secondary: await secondariesOf(options.secondary, file, path),
    analytics: file?.analytics,
    budget: file?.budget,
    threads: number(options.threads),
    frames: number(options.frames),
  };
  const order = AloneOrder.safeParse(laid({}, given));
  if (order.success) return withPossible(order.data);
  const [issue] = order.error.issues;
  const at = (issue?.path ?? []).filter((key) => typeof key !== "number").join(".");
  throw new FleetError("USAGE", `${OPTION_OF[at] ?? at}: ${issue?.message ?? "not understood"}`);
}

/** Throws SPEC_INVALID for lines and zones that could count nothing, and secondary models that could not look. */
function withPossible(order: AloneOrder): AloneOrder {
  const { analytics, secondary, track, sources, model } = order;
  const counted = analyticsProblems(analytics ?? {}, {
    isTracked: track !== null || analytics === undefined,
    sources: sources.map(({ name }) => name),
    labels: model.labels,
  });
  const looked = secondaryProblems(secondary ?? {}, {
    isTracked: track !== null || secondary === undefined,
    labels: model.labels,
    decoders: Object.fromEntries(
      Object.entries(secondary ?? {}).map(([name, { model: second }]) => [name, second.decoder]),
    ),
  });
  const [problem] = [
    ...counted.map((each) => ({ ...each, path: ["analytics", ...each.path] })),
    ...looked.map((each) => ({ ...each, path: ["secondary", ...each.path] })),
  ];
  if (problem === undefined) return order;
  const { path, message, hint } = problem;
  throw new FleetError("SPEC_INVALID", `${path.join(".")}: ${message}`, { hint });
}

/** Of the command line or of the file, each with what the options say. */
async function sourcesOf(file: PipelineFile | null, options: RunOptions): Promise<object[]> {
  const { source: uris = [], transport, loop, realtime } = options;
  const inFile = Object.entries(file?.sources ?? {});
  if (uris.length === 0 && inFile.length === 0) {
    throw new FleetError(
      "USAGE",
      "Expected --source with a camera's address or a video but got none",
    );
  }
  const over = { transport, loop, realtime };
  if (uris.length === 0) return inFile.map(([name, source]) => laid(source, { name, ...over }));
  const alike = uris.length === inFile.length ? inFile : [];
  return await Promise.all(
    uris.map(async (uri, at) => {
      const [name, source] = alike[at] ?? [uris.length === 1 ? "source" : `source${at + 1}`];
      return laid(source, { name, uri: await uriOf(uri), ...over });
    }),
  );
}

async function labelsOf(
  option: string | undefined,
  file: PipelineFile | null,
): Promise<readonly string[]> {
  if (option !== undefined) return await readLabels(option);
  return file?.model.labels ?? COCO_LABELS;
}

async function readPipelineFile(path: string): Promise<PipelineFile> {
  let content: unknown;
  try {
    content = parse(await readFile(path, "utf8"), { maxAliasCount: 100 });
  } catch (cause) {
    const [why] = String(cause instanceof Error ? cause.message : cause).split("\n");
    throw new FleetError("SPEC_INVALID", `Cannot read ${path}: ${why}`, { cause });
  }
  return parsePipelineFile(content, path);
}

/** A file of this machine may be named by its path. */
async function uriOf(source: string): Promise<string> {
  if (source.includes("://")) return source;
  return `file://${await requireFile(source, "--source")}`;
}

function trackOf(option: string | undefined, file: PipelineFile | null) {
  if (option === undefined) return file?.track;
  return option === "none" ? null : { algorithm: option };
}

/** What is given over what was there. */
function laid(under: object | undefined, given: object): object {
  const isGiven = ([, value]: [string, unknown]): boolean => value !== undefined;
  return { ...under, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
}

const OPTION_OF: Readonly<Record<string, string>> = {
  sources: "--source",
  "sources.uri": "--source",
  "sources.transport": "--transport",
  "model.decoder": "--decoder",
  "model.labels": "--labels",
  "detect.minScore": "--min-score",
  "detect.nmsIou": "--nms-iou",
  "detect.interval": "--interval",
  "detect.preprocess": "--preprocess",
  "detect.accelerator": "--accelerator",
  "detect.precision": "--precision",
  "track.algorithm": "--track",
  secondary: "--secondary",
  threads: "--threads",
  frames: "--frames",
};
