import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { AloneOrder, type PipelineFile, parsePipelineFile } from "../../fleet/alone/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { COCO_LABELS } from "../coco-labels.ts";
import { readLabels, requireFile } from "../input-files.ts";

export interface RunOptions {
  source?: string;
  labels?: string;
  decoder?: string;
  minScore?: string;
  nmsIou?: string;
  track?: string;
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
}

/** What is to run: of a pipeline's file or a model, with what the options say instead. Throws USAGE, SPEC_INVALID. */
export async function orderOf(what: string, options: RunOptions): Promise<AloneOrder> {
  const path = await requireFile(what, "PIPELINE.yaml or MODEL");
  const file = /\.ya?ml$/i.test(path) ? await readPipelineFile(path) : null;
  const [[name, source] = ["source", undefined]] = Object.entries(file?.sources ?? {});
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  if (source === undefined && options.source === undefined) {
    throw new FleetError(
      "USAGE",
      "Expected --source with a camera's address or a video but got none",
    );
  }
  const { source: modelPath, ...modelRest } = file?.model ?? {};
  const { accelerator, precision, ...detect } = file?.detect ?? {};
  const given = {
    name: file?.name ?? "run",
    source: laid(source, {
      name,
      uri: (await uriOf(options.source)) ?? source?.uri,
      transport: options.transport,
      loop: options.loop,
      realtime: options.realtime,
    }),
    model: laid(modelRest, {
      path: modelPath === undefined ? path : resolve(dirname(path), modelPath),
      labels: await labelsOf(options.labels, file),
      decoder: options.decoder,
    }),
    detect: laid(detect, {
      minScore: number(options.minScore),
      nmsIou: number(options.nmsIou),
      preprocess: options.preprocess,
      accelerator: options.accelerator ?? accelerator,
      precision: options.precision ?? (precision === "auto" ? undefined : precision),
    }),
    track: trackOf(options.track, file),
    threads: number(options.threads),
    frames: number(options.frames),
  };
  const order = AloneOrder.safeParse(laid({}, given));
  if (order.success) return order.data;
  const [issue] = order.error.issues;
  const at = issue?.path.join(".") ?? "";
  throw new FleetError("USAGE", `${OPTION_OF[at] ?? at}: ${issue?.message ?? "not understood"}`);
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
async function uriOf(source: string | undefined): Promise<string | undefined> {
  if (source === undefined || source.includes("://")) return source;
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
  "source.uri": "--source",
  "source.transport": "--transport",
  "model.decoder": "--decoder",
  "model.labels": "--labels",
  "detect.minScore": "--min-score",
  "detect.nmsIou": "--nms-iou",
  "detect.preprocess": "--preprocess",
  "detect.accelerator": "--accelerator",
  "detect.precision": "--precision",
  "track.algorithm": "--track",
  threads: "--threads",
  frames: "--frames",
};
