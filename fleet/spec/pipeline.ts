import { z } from "zod";
import { AnalyticsSpec } from "./analytics.ts";
import { Name } from "./names.ts";
import { SecondarySpec, secondariesOf } from "./secondary.ts";
import { addressProblem } from "./source-address.ts";

/** A source URI may carry credentials, so whoever logs or reports it must pass it through `redactUri` (fleet/text). */
export const SourceUri = z
  .string()
  .min(1)
  .max(2048)
  .superRefine((uri, context) => {
    const message = addressProblem(uri);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

export const VideoSpec = z
  .strictObject({
    width: z.number().int().min(16).max(16384).meta({ description: "Pixels." }),
    height: z.number().int().min(16).max(16384).meta({ description: "Pixels." }),
    fps: z.number().positive().max(1000).meta({ description: "Frames a second." }),
  })
  .meta({
    title: "Video",
    description:
      "What the source is said to send. The plan counts it against decoder and accelerator; what really comes is measured.",
  });
export type VideoSpec = z.infer<typeof VideoSpec>;

/** Left out for the default, so that agents that know no `auto` read what does not ask for it. */
export const RtspTransport = z.enum(["auto", "tcp", "udp"]).meta({
  title: "RtspTransport",
  description:
    "How an RTSP camera sends its packets; means nothing to other sources. auto: over TCP, and a camera that refuses that " +
    "over UDP. tcp, udp: the one to begin with; that a camera refuses it is told as SOURCE_TRANSPORT, and it is read by " +
    "the other one. What is used stands in telemetry. Default: auto.",
});
export type RtspTransport = z.infer<typeof RtspTransport>;

export const SourceSpec = z
  .strictObject({
    uri: SourceUri.meta({
      description:
        "rtsp:// or rtsps:// camera; file:// path on the device; v4l2:///dev/video0 (USB); csi://0 (a Jetson's own sensor, " +
        "not yet run on a board); test://smpte (videotestsrc, for trying). The last three take width, height and fps, v4l2 " +
        "also format raw, mjpeg, h264 or h265: v4l2:///dev/video0?format=mjpeg&width=1280&height=720&fps=30. Read are H.264, " +
        "H.265, VP9, AV1 and JPEG, where the device has a decoder.",
    }),
    transport: RtspTransport.optional(),
    loop: z.boolean().default(false).meta({ description: "Begin a file again at its end." }),
    stallTimeoutMs: z
      .number()
      .int()
      .min(100)
      .max(3_600_000)
      .optional()
      .meta({
        description:
          "A camera that sends no picture for so many milliseconds is lost and opened again. " +
          "Default: four times the interval its pictures have, at least five seconds.",
      }),
    tls: z
      .strictObject({
        caFile: z.string().startsWith("/").max(4096).optional().meta({
          description: "PEM file on the device with the authorities that vouch for the camera.",
        }),
        fingerprint: z
          .string()
          .regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case")
          .optional()
          .meta({ description: "SHA-256 of the camera's own certificate (DER)." }),
      })
      .meta({
        title: "Tls",
        description:
          "What makes an rtsps:// camera trusted beside the authorities the device knows.",
      })
      .optional(),
    video: VideoSpec.optional(),
  })
  .meta({
    title: "Source",
    description:
      "Where frames come from. Live sources drop the oldest frame when late; files wait.",
  });
export type SourceSpec = z.infer<typeof SourceSpec>;

/** Each has a decoder, a tracker and queues of its own; a board's decoder has room for about so many. */
export const MAX_SOURCES = 16;

/** Sources by name, as many as one pipeline takes. */
export function sourcesOf<Source extends z.ZodType>(source: Source) {
  return z
    .record(Name, source)
    .refine(
      (sources) => Object.keys(sources).length > 0 && Object.keys(sources).length <= MAX_SOURCES,
      { error: `must name 1 to ${MAX_SOURCES} sources; put others into a pipeline of their own` },
    );
}

/** Accelerators of a Jetson. `split`: a GPU engine and one on each DLA share the frames. */
export const AcceleratorChoice = z.enum(["auto", "gpu", "dla0", "dla1", "split"]).meta({
  title: "AcceleratorChoice",
  description: "Where the model runs on the board's silicon. Default: auto.",
});
export type AcceleratorChoice = z.infer<typeof AcceleratorChoice>;
export const PrecisionChoice = z.enum(["auto", "fp32", "fp16", "int8"]).meta({
  title: "PrecisionChoice",
  description: "What the model computes in. Default: auto, FP16 where it is fast.",
});
export type PrecisionChoice = z.infer<typeof PrecisionChoice>;
/** What brings pictures into a model's input. */
export const PreprocessChoice = z
  .enum(["auto", "cpu", "cuda", "vic"])
  .meta({ title: "PreprocessChoice" });
export type PreprocessChoice = z.infer<typeof PreprocessChoice>;

export const BudgetSpec = z
  .strictObject({
    minFps: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .meta({ description: "Frames a second that must leave the pipeline, of all its sources." }),
    latencyP95Ms: z
      .number()
      .positive()
      .max(60_000)
      .optional()
      .meta({ description: "Milliseconds from capture to the sinks that 95 of 100 frames keep." }),
  })
  .meta({
    title: "Budget",
    description:
      "What the pipeline must achieve. A preview refuses what the board's silicon cannot give; status tells when it is not " +
      "met. Exceeded for five seconds, the device takes a step, and further ones: the model looks at every 2nd, 3rd, 4th, 6th, " +
      "8th frame, where there is a tracker; then, for latencyP95Ms alone and down to minFps, every 2nd, 3rd, 4th frame of live " +
      "sources is admitted. After fifteen seconds with a fifth of room it takes a step back. Events and status say so.",
  });
export type BudgetSpec = z.infer<typeof BudgetSpec>;

const Share = z.number().min(0).max(1);

export const RegionSpec = z
  .strictObject({
    source: Name.optional().meta({
      description: "Source whose pictures it is a part of. Default: all sources.",
    }),
    left: Share.meta({ description: "Of the picture's width, from its left edge." }),
    top: Share.meta({ description: "Of the picture's height, from its upper edge." }),
    width: Share.min(0.01).meta({ description: "Of the picture's width." }),
    height: Share.min(0.01).meta({ description: "Of the picture's height." }),
  })
  .refine(({ left, width }) => left + width <= 1.000001, {
    path: ["width"],
    error: "reaches over the right edge; left and width must not be more than 1 together",
  })
  .refine(({ top, height }) => top + height <= 1.000001, {
    path: ["height"],
    error: "reaches over the lower edge; top and height must not be more than 1 together",
  })
  .meta({
    title: "Region",
    description: "A part of a picture as it is shown, in shares of its width and height.",
  });
export type RegionSpec = z.infer<typeof RegionSpec>;

/** Of one source: the model runs once for each. */
export const MAX_REGIONS = 8;
const MAX_REGIONS_OF_ALL = 32;

/** The parts of a source's pictures that a model looks at; undefined where it looks at the whole of them. */
export function regionsOf(
  source: string,
  regions: readonly RegionSpec[] | undefined,
): Omit<RegionSpec, "source">[] | undefined {
  const found = regions?.filter((region) => isOf(source, region)) ?? [];
  if (found.length === 0) return undefined;
  return found.map(({ source: _source, ...region }) => region);
}

/** Pictures that a model looks at for one of that source. */
export function partsOf(source: string, regions: readonly RegionSpec[] | undefined): number {
  return regionsOf(source, regions)?.length ?? 1;
}

function isOf(source: string, region: RegionSpec): boolean {
  return region.source === undefined || region.source === source;
}

function isSame(one: RegionSpec, other: RegionSpec): boolean {
  return (["left", "top", "width", "height"] as const).every((key) => one[key] === other[key]);
}

export const MotionSpec = z
  .strictObject({
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.001)
      .meta({
        description:
          "Share of the picture, or of any of its regions, that must have changed, beyond the camera's noise and light that " +
          "changes all over it.",
      }),
    keepAliveMs: z.number().int().min(100).max(3_600_000).default(1000).meta({
      description:
        "Of pictures that show nothing new, the model looks at one in so many milliseconds.",
    }),
  })
  .meta({
    title: "Motion",
    description: "Which pictures show something new, by their luma.",
  });
export type MotionSpec = z.infer<typeof MotionSpec>;

export const DetectSpec = z
  .strictObject({
    minScore: z
      .number()
      .min(0.01)
      .max(1)
      .default(0.4)
      .meta({ description: "Detections below this score are dropped." }),
    nmsIou: z
      .number()
      .min(0)
      .max(1)
      .default(0.45)
      .meta({ description: "Boxes of one class that overlap more than this are merged." }),
    accelerator: AcceleratorChoice.optional().meta({
      description:
        "Where the model runs on the board's silicon. Default: auto, the plan chooses by the budget and says why, and the " +
        "device takes its GPU. Where it has no TensorRT, or none that its agent was made for, the CPU runs the model.",
    }),
    precision: PrecisionChoice.optional().meta({
      description:
        "Default: auto, FP16 where it is fast. INT8 must be asked for, and the model must hold its scales (symmetric Q/DQ). " +
        "The CPU runs models as they are.",
    }),
    preprocess: PreprocessChoice.optional().meta({
      description:
        "What scales pictures, converts their colours and brings them into the model's input. Default: auto, the " +
        "backend's own where it has one, else cpu. One that the device's backend does not have is refused, not replaced.",
    }),
    interval: z
      .number()
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({
        description:
          "The model looks at every so many-th frame of each source, and the tracker tells where its objects are in those " +
          "between, which results mark as skipped. More than 1 needs track. Default: 1, every frame.",
      }),
    motion: MotionSpec.optional().meta({
      description:
        "The model does not look at pictures that do not differ from the last one it looked at, unless an object moves; " +
        "results mark them as skipped, and tracks stay. Needs track. Default: it looks at all.",
    }),
    regions: z
      .array(RegionSpec)
      .min(1)
      .max(MAX_REGIONS_OF_ALL)
      .optional()
      .meta({
        description:
          "The model sees these parts of the pictures alone, each at its own resolution, and its boxes come back in the whole " +
          "picture: one frame with one answer. Up to 8 for each source; the model runs for each. Where parts overlap, what " +
          "several see counts once; let them overlap by as much as the objects are wide, or what an edge cuts stays in " +
          "pieces. An agent from before 29 November 2026 refuses more than one of a source. Default: the whole picture.",
      }),
  })
  .meta({ title: "Detect", description: "Object detection." });
export type DetectSpec = z.infer<typeof DetectSpec>;

export const TrackAlgorithm = z.enum(["bytetrack", "sort", "oc-sort", "iou"]).meta({
  title: "TrackAlgorithm",
  description:
    "bytetrack also follows objects that the detector is unsure of; oc-sort finds again what was hidden or turned; " +
    "sort and iou (without a motion model) are the plainest and forget what two frames do not show. Default: bytetrack.",
});
export type TrackAlgorithm = z.infer<typeof TrackAlgorithm>;

export const TrackSpec = z
  .strictObject({ algorithm: TrackAlgorithm.default("bytetrack") })
  .meta({ title: "Track", description: "Tracking of detections from frame to frame." });
export type TrackSpec = z.infer<typeof TrackSpec>;

export const SinksSpec = z
  .strictObject({
    mqtt: z
      .strictObject({})
      .meta({ title: "MqttSink" })
      .default({})
      .meta({ description: "Frames with tracks on the topic detections/<pipeline>." }),
  })
  .meta({ title: "Sinks", description: "Where results go. Default: mqtt." });

interface Looking {
  detect: Pick<DetectSpec, "interval" | "motion" | "regions">;
  track?: TrackSpec | null | undefined;
}

/** What the keys of `detect` ask of others; `sources` are the names of the pipeline's. */
export function checkDetect(
  { detect, track }: Looking,
  sources: readonly string[],
  context: z.RefinementCtx,
): void {
  const refuse = (key: keyof Looking["detect"], message: string): void =>
    context.addIssue({ code: "custom", path: ["detect", key], message });
  const { interval = 1, motion, regions = [] } = detect;
  // Frames that the model does not look at carry what a tracker expects, or they would tell of nothing.
  if (interval > 1 && !track) {
    const remedy = `add track, or leave interval ${interval} out`;
    refuse("interval", `needs a tracker for the frames between; ${remedy}`);
  }
  if (motion && !track) {
    refuse("motion", "needs a tracker for pictures that are not looked at; add track");
  }
  for (const { source } of regions) {
    if (source === undefined || sources.includes(source)) continue;
    refuse("regions", `names ${source}, which is none of the sources ${sources.join(", ")}`);
  }
  for (const source of sources) {
    const parts = regions.filter((region) => isOf(source, region));
    if (parts.length > MAX_REGIONS) {
      refuse("regions", `has ${parts.length} parts of ${source}; leave at most ${MAX_REGIONS}`);
    }
    const twice = parts.find((part, n) => parts.slice(0, n).some((other) => isSame(part, other)));
    if (twice === undefined) continue;
    const { left, top, width, height } = twice;
    const named = `left ${left}, top ${top}, width ${width}, height ${height}`;
    refuse("regions", `has the part at ${named} of ${source} twice; leave one of them out`);
  }
}

/** A pipeline as it travels in a desired document; `detect` and `secondary` name models of the same document. */
export const PipelineSpec = z
  .strictObject({
    name: Name.meta({
      description: "Name on its device, a DNS label. Default: the name of the resource.",
    }),
    sources: sourcesOf(SourceSpec),
    detect: DetectSpec.extend({ model: Name }),
    track: TrackSpec.optional(),
    secondary: secondariesOf(SecondarySpec.extend({ model: Name })).optional(),
    analytics: AnalyticsSpec.optional(),
    sinks: SinksSpec.default({ mqtt: {} }),
    budget: BudgetSpec.optional(),
  })
  .superRefine((spec, context) => checkDetect(spec, Object.keys(spec.sources), context))
  .meta({
    description:
      "sources → decode → preprocess → detect → track → secondary → analytics → sinks on one device.",
  });
export type PipelineSpec = z.infer<typeof PipelineSpec>;

/** Keys of the design that this version does not act on yet, by path; naming one is an error, never ignored. */
export const UNSUPPORTED_PIPELINE_KEYS = [
  "overlay",
  "shadow",
  "sinks.preview",
  "sinks.file",
  "sinks.webhook",
] as const;
