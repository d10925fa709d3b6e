import { z } from "zod";
import { ModelManifest, SecondarySpec, secondaryProblems } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import { type Properties, propertyPath, reveal } from "../rpc/values.ts";

const { name, digest, labels, decoder } = ModelManifest.shape;
/** What is said of a secondary model; of the manifest as much as is known. */
const Declared = z.record(
  z.string(),
  z.object({
    ...SecondarySpec.pick({ labels: true, minScore: true }).shape,
    model: z.object({ name, digest, decoder }).optional().catch(undefined),
  }),
);
const Detects = z.object({ name, digest, labels });

/** What secondary models of checked inputs cannot answer, as far as it is known: by the rules that devices go by. */
export function checkSecondary(inputs: Properties): CheckFailure[] {
  const { secondary, track, detect } = reveal(inputs) as Record<string, unknown>;
  const declared = Declared.safeParse(secondary).data;
  if (declared === undefined) return [];
  const detects = Detects.safeParse((detect as { model?: unknown } | undefined)?.model).data;
  const decoders = Object.entries(declared).map(
    ([name, { model }]) => [name, model?.decoder] as const,
  );
  const problems = secondaryProblems(declared, {
    isTracked: track !== undefined,
    labels: detects?.labels ?? null,
    decoders: Object.fromEntries(decoders),
  });
  return [
    ...problems.map(({ path, message, hint }) => ({
      property: propertyPath(["secondary", ...path]),
      reason: message,
      hint,
    })),
    ...twice(declared, detects),
  ];
}

/** Other bytes under the name of a model of the same pipeline, whose set holds each name once. */
function twice(
  declared: z.infer<typeof Declared>,
  detects: Pick<ModelManifest, "name" | "digest"> | undefined,
): CheckFailure[] {
  const digests = new Map(detects && [[detects.name, detects.digest]]);
  return Object.entries(declared).flatMap(([key, { model }]) => {
    if (model === undefined) return [];
    const known = digests.get(model.name) ?? model.digest;
    digests.set(model.name, known);
    if (known === model.digest) return [];
    return [
      {
        property: propertyPath(["secondary", key, "model"]),
        reason: `is called ${model.name} like another model of this pipeline`,
        hint: "Give one of the two Models another name.",
      },
    ];
  });
}
