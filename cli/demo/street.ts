import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { repoDir } from "../setup/paths.mjs";

/** A version of our own model of the simulated scene. */
export interface StreetVersion {
  /** "v1" */
  version: string;
  /** Absolute path of the ONNX file that takes one picture at a time, as one camera needs it. */
  source: string;
  labels: readonly string[];
}

/** What the demo needs of a manifest beside the ONNX files. */
const StreetManifest = z.object({
  version: z.string(),
  labels: z.array(z.string()),
  files: z.array(z.object({ file: z.string(), batch: z.number() })),
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
    .map(({ file }) => ({ version, source: path.join(FOLDER, file), labels }));
}

function numberOf(name: string): number {
  return Number(/\d+/.exec(name)?.[0]);
}
