import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import type { FleetView } from "../../fleet/view/index.ts";
import { modelTitle } from "../render/status-text.ts";
import { repoDir } from "../setup/paths.mjs";

/** A version of our own model of the simulated scene. */
export interface StreetVersion {
  /** "v1" */
  version: string;
  /** Absolute path of the ONNX file that takes one picture at a time, as one camera needs it. */
  source: string;
  digest: string;
  labels: readonly string[];
}

/** What the demo needs of a manifest beside the ONNX files. */
const StreetManifest = z.object({
  version: z.string(),
  labels: z.array(z.string()),
  files: z.array(z.object({ file: z.string(), batch: z.number(), digest: z.string() })),
});

const FOLDER = path.join(repoDir, "models");

/** Oldest first; at least one. */
export async function streetVersions(): Promise<[StreetVersion, ...StreetVersion[]]> {
  const names = (await readdir(FOLDER).catch(() => []))
    .filter((name) => /^street-v\d+\.json$/.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b));
  const [first, ...rest] = (await Promise.all(names.map(readManifest))).flat();
  if (first) return [first, ...rest];
  throw new FleetError("MODEL_INVALID", `Expected street-v….json in ${FOLDER} but found none`, {
    hint: "Give a model with --model FILE.onnx --labels FILE.",
  });
}

async function readManifest(name: string): Promise<StreetVersion[]> {
  const text = await readFile(path.join(FOLDER, name), "utf8");
  const { version, labels, files } = StreetManifest.parse(JSON.parse(text));
  return files
    .filter(({ batch }) => batch === 1)
    .map(({ file, digest }) => ({ version, source: path.join(FOLDER, file), digest, labels }));
}

function numberOf(name: string): number {
  return Number(/\d+/.exec(name)?.[0]);
}

/** For people: which models run in a fleet, our own by their version. */
export async function titleOfRunning(view: FleetView): Promise<string> {
  const versions = await streetVersions();
  const titles = view.devices.flatMap((device) =>
    device.pipelines.flatMap((pipeline) => {
      if (!pipeline.model) return [];
      const own = versions.find(({ digest }) => digest === pipeline.model?.digest);
      return own ? `street ${own.version}` : modelTitle(pipeline);
    }),
  );
  return [...new Set(titles)].sort().join(" and ") || "nothing";
}
