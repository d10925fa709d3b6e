import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { requireFile } from "./camera.ts";
import { COCO_LABELS } from "./coco-labels.ts";
import type { DemoOptions } from "./options.ts";
import { streetVersions } from "./street.ts";

export interface DemoModel {
  /** For people: "street v1", or the name of the user's file. */
  title: string;
  /** Absolute path of the ONNX file. */
  source: string;
  labels: readonly string[];
}

/** `configured` is the model that the stack's configuration names, null when nothing is deployed. */
export async function chooseModel(
  options: DemoOptions,
  configured: string | null,
): Promise<DemoModel> {
  if (options.model === undefined) {
    if (options.labels !== undefined) {
      throw new FleetError(
        "USAGE",
        "Expected --labels together with --model, whose classes they name",
      );
    }
    return streetModel(options, configured);
  }
  const source = await requireFile(options.model, "--model");
  const labels = options.labels === undefined ? COCO_LABELS : await readLabels(options.labels);
  return { title: path.basename(source), source, labels };
}

/** The oldest version first; then whichever was asked for last, for coming back must not change a fleet. */
async function streetModel(
  { update, rollback }: DemoOptions,
  configured: string | null,
): Promise<DemoModel> {
  const versions = await streetVersions();
  const [oldest] = versions;
  const at = versions.findIndex(({ source }) => source === configured);
  const wanted = update ? versions.length - 1 : Math.max(0, rollback ? at - 1 : at);
  const { version, source, labels } = versions[wanted] ?? oldest;
  return { title: `street ${version}`, source, labels };
}

/** One label a line, or a JSON array. */
export async function readLabels(given: string): Promise<string[]> {
  const file = await requireFile(given, "--labels");
  const text = (await readFile(file, "utf8")).trim();
  const lines: unknown = text.startsWith("[") ? parseJson(text, file) : text.split(/\r?\n/);
  const labels = z.array(z.string().trim().min(1).max(64)).min(1).max(1000).safeParse(lines);
  if (labels.success) return labels.data;
  throw badLabels(file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badLabels(file);
  }
}

function badLabels(file: string): FleetError {
  return new FleetError(
    "USAGE",
    `Expected one label a line, or a JSON array of labels, in ${file}`,
  );
}
