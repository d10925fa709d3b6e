import { z } from "zod";
import { type Decoder, Label } from "./model.ts";
import { Name } from "./names.ts";

/** Each has a thread and memory of its own. */
export const MAX_SECONDARY = 4;
/** Of an answer that is told, where nothing else is said. */
export const SECONDARY_MIN_SCORE = 0.5;

/** What a second model can answer of an object: which of its labels it is, or the vector that tells it from others. */
export const SECONDARY_DECODERS: readonly Decoder[] = ["classification", "reid"];

const Share = z.number().min(0).max(1);

export const SecondarySpec = z
  .strictObject({
    labels: z.array(Label).min(1).max(64).optional().meta({
      description: "It looks at objects of these labels of the detector. Default: all.",
    }),
    minScore: Share.optional().meta({
      description:
        "An answer below this score is not told. Of models of decoder classification. Default: 0.5.",
    }),
    minHeight: Share.default(0.05).meta({
      description:
        "It does not look at an object yet whose box is lower than this share of the picture's height.",
    }),
    refreshMs: z.number().int().min(100).max(86_400_000).optional().meta({
      description:
        "It looks at an object again after so many milliseconds. Default: never once it has an answer.",
    }),
  })
  .meta({
    title: "Secondary",
    description:
      "A second model, which looks at what the tracker follows, cut out of the picture, in batches over all sources. Its answer " +
      "is kept for as long as the track and told with it. Live sources do not wait for it, files do.",
  });
export type SecondarySpec = z.infer<typeof SecondarySpec>;

/** Secondary models by name, as many as one pipeline takes. */
export function secondariesOf<Secondary extends z.ZodType>(secondary: Secondary) {
  return z
    .record(Name, secondary)
    .refine(
      (all) => Object.keys(all).length > 0 && Object.keys(all).length <= MAX_SECONDARY,
      `must name 1 to ${MAX_SECONDARY} secondary models`,
    );
}

/** What secondary models refer to of their pipeline. */
export interface SecondaryWorld {
  isTracked: boolean;
  /** Of the detector; null while they are not known. */
  labels: readonly string[] | null;
  /** Of the secondary models, by their name in the pipeline; undefined while it is not known. */
  decoders: Readonly<Record<string, Decoder | undefined>>;
}

export interface SecondaryProblem {
  /** Below `secondary`. */
  path: string[];
  message: string;
  hint: string;
}

/** What cannot be answered in that pipeline: preview, `jetfleet run` and device refuse it alike. */
export function secondaryProblems(
  secondary: Readonly<Record<string, Pick<SecondarySpec, "labels" | "minScore">>>,
  { isTracked, labels, decoders }: SecondaryWorld,
): SecondaryProblem[] {
  const untracked = {
    path: [],
    message: "needs a tracker, but the pipeline has none",
    hint: "Add `track: {}` to the pipeline, or take secondary out.",
  };
  return [
    ...(isTracked ? [] : [untracked]),
    ...Object.entries(secondary).flatMap(([name, { labels: wanted = [], minScore }]) => [
      ...decoderProblems(name, decoders[name], minScore),
      ...wanted
        .filter((label) => labels !== null && !labels.includes(label))
        .map((label) => ({
          path: [name, "labels"],
          message: `must be labels of the model that detects, which has no ${label}`,
          hint: "Name labels as that model does, or none for all of them.",
        })),
    ]),
  ];
}

function decoderProblems(
  name: string,
  decoder: Decoder | undefined,
  minScore: number | undefined,
): SecondaryProblem[] {
  if (decoder === undefined) return [];
  if (!SECONDARY_DECODERS.includes(decoder)) {
    return [
      {
        path: [name, "model"],
        message: `must be a model of decoder ${SECONDARY_DECODERS.join(" or ")} but is one of ${decoder}`,
        hint: "Name a classifier or a re-identification model; what detects stands in detect.model.",
      },
    ];
  }
  if (decoder === "classification" || minScore === undefined) return [];
  return [
    {
      path: [name, "minScore"],
      message: `is not for a model of decoder ${decoder}, whose vectors have no score`,
      hint: "Leave it out.",
    },
  ];
}
