import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { repoDir } from "../setup/paths.mjs";
import { requireFile } from "./camera.ts";
import { COCO_LABELS } from "./coco-labels.ts";
import type { DemoOptions } from "./options.ts";

export interface DemoModel {
  /** Absolute path of the ONNX file. */
  source: string;
  labels: readonly string[];
}

export async function chooseModel(options: DemoOptions): Promise<DemoModel> {
  if (options.model === undefined) {
    if (options.labels !== undefined) {
      throw new FleetError(
        "USAGE",
        "Expected --labels together with --model, whose classes they name",
      );
    }
    return streetModel();
  }
  const source = await requireFile(options.model, "--model");
  const labels = options.labels === undefined ? COCO_LABELS : await readLabels(options.labels);
  return { source, labels };
}

/** What the demo needs of a manifest beside the ONNX files. */
const StreetManifest = z.object({
  labels: z.array(z.string()),
  files: z.array(z.object({ file: z.string(), batch: z.number() })),
});

/** Our own model of the simulated scene, in the newest version; one picture at a time, as one camera needs it. */
async function streetModel(): Promise<DemoModel> {
  const folder = path.join(repoDir, "models");
  const names = await readdir(folder).catch(() => []);
  const manifest = names
    .filter((name) => /^street-v\d+\.json$/.test(name))
    .sort()
    .at(-1);
  if (manifest) {
    const text = await readFile(path.join(folder, manifest), "utf8");
    const { labels, files } = StreetManifest.parse(JSON.parse(text));
    const single = files.find(({ batch }) => batch === 1);
    if (single) return { source: path.join(folder, single.file), labels };
  }
  throw new FleetError("MODEL_INVALID", `Expected street-v….json in ${folder} but found none`, {
    hint: "Give a model with --model FILE.onnx --labels FILE.",
  });
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
