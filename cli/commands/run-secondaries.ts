import { dirname, resolve } from "node:path";
import type { PipelineFile } from "../../fleet/alone/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { Name } from "../../fleet/spec/index.ts";
import { requireFile } from "../input-files.ts";

/** NAME=MODEL[:LABEL,LABEL] */
const GIVEN = /^([^=]+)=(.+?)(?::([^:/]+))?$/;

/** Of the command line where it names any, else of the file at `path`. Throws USAGE. */
export async function secondariesOf(
  given: readonly string[] | undefined,
  file: PipelineFile | null,
  path: string,
): Promise<Record<string, object> | undefined> {
  if (given !== undefined) return named(await Promise.all(given.map(secondaryOf)));
  if (file?.secondary === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(file.secondary).map(([name, { model, ...rest }]) => {
      const { source, ...answers } = model;
      return [name, { ...rest, model: { ...answers, path: resolve(dirname(path), source) } }];
    }),
  );
}

function named(all: [string, object][]): Record<string, object> {
  const twice = all.find(([name], at) => all.findIndex(([other]) => other === name) < at);
  if (twice === undefined) return Object.fromEntries(all);
  throw new FleetError("USAGE", `Expected --secondary of another name but got ${twice[0]} twice`);
}

/** With labels it says which of them an object is; without, what tells it from others. */
async function secondaryOf(given: string): Promise<[string, object]> {
  const [, name, model, labels] = GIVEN.exec(given) ?? [];
  if (name === undefined || model === undefined) {
    throw new FleetError(
      "USAGE",
      `Expected --secondary NAME=MODEL, or NAME=MODEL:LABEL,LABEL of a classifier, but got ${given}`,
    );
  }
  const [issue] = Name.safeParse(name).error?.issues ?? [];
  if (issue) throw new FleetError("USAGE", `--secondary: the name ${name} ${issue.message}`);
  const path = await requireFile(model, "--secondary");
  if (labels === undefined) return [name, { model: { path, decoder: "reid" } }];
  return [name, { model: { path, decoder: "classification", labels: labels.split(",") } }];
}
