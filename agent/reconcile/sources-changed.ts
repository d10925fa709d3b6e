import type { SourcesChangedData } from "../../fleet/contract/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { PipelineVersion, SourcesBetween } from "../update/pipeline-version.ts";

/** What the journal says when sources came and went inside a running pipeline. */
export function sourcesChanged({ spec }: PipelineVersion, { add, remove }: SourcesBetween) {
  const again = add.filter((name) => remove.includes(name));
  const told = [
    ["with", add.filter((name) => !again.includes(name))],
    ["without", remove.filter((name) => !again.includes(name))],
    ["opened again", again],
  ] as const;
  const words = told.flatMap(([how, names]) =>
    names.length > 0 ? [`${how} ${names.join(", ")}`] : [],
  );
  const sources = Object.keys(spec.sources);
  const data: SourcesChangedData = { pipeline: spec.name, added: add, removed: remove, sources };
  return {
    kind: "sources-changed",
    pipeline: spec.name,
    message: `${spec.name} goes on ${words.join(", ")}`,
    data,
  } satisfies NewEvent;
}
