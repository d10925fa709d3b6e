import path from "node:path";
import { FleetError } from "../../fleet/errors/index.ts";
import { COCO_LABELS } from "../coco-labels.ts";
import { readLabels, requireFile } from "../input-files.ts";
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
