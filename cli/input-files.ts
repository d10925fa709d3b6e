import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FleetError } from "../fleet/errors/index.ts";
import { redactUri } from "../fleet/text/index.ts";

/** The whole path of a file that an option names. Throws USAGE where there is none. */
export async function requireFile(given: string, option: string): Promise<string> {
  const file = path.resolve(process.env["INIT_CWD"] ?? process.cwd(), given);
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return file;
  // A camera's address without its scheme is taken for a file.
  const shown = redactUri(given) === given ? file : redactUri(given);
  throw new FleetError("USAGE", `Expected ${option} to name a file but there is none at ${shown}`);
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
