import type { Target } from "../../../agent/update/machine.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import { versionOf } from "./desired.ts";

/** What is wanted of a pipeline: a model with these bytes, brought by a signed part of its own. */
export function targetOn(bytes: string, generation = 1, name = "entrance"): Target {
  const refOf = (kind: string) => ({
    digest: sha256Digest(`${kind} ${name} ${bytes} ${generation}`),
    number: { epoch: 0, n: generation },
  });
  return {
    part: refOf("pipeline"),
    set: refOf("set"),
    generation,
    version: versionOf(name, bytes),
  };
}
