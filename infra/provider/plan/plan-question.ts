import {
  lookedAtFps,
  type PictureParts,
  pictureParts,
  type Streams,
} from "../../../fleet/plan/index.ts";
import {
  AcceleratorChoice,
  BudgetSpec,
  DetectSpec,
  PrecisionChoice,
  partsOf,
  type RegionSpec,
  VideoSpec,
} from "../../../fleet/spec/index.ts";
import { isProperties, type Properties, reveal, type Value, valueAt } from "../rpc/values.ts";

/** A second model of the same pipeline. */
export interface SecondaryQuestion {
  /** By which the pipeline knows it. */
  name: string;
  /** Of the model's file; undefined while it is not known. */
  digest: string | undefined;
}

/** All that a pipeline's plan is made from, as far as it is known. */
export interface PlanQuestion {
  /** Of the model's file. */
  digest: string;
  board: string;
  /** Undefined until the board has told, or while only its family is certain. */
  module: string | undefined;
  /** Undefined until the board has told. */
  jetpack: string | undefined;
  powerMode: string | undefined;
  /** What is not as the plan takes it to be. */
  libraryFaults: string[];
  accelerator: AcceleratorChoice | undefined;
  precision: PrecisionChoice | undefined;
  minFps: number | undefined;
  /** The model looks at every so many-th picture; all when not said. */
  interval?: number | undefined;
  /** Parts of each picture that it looks at by itself; the whole when not said. */
  parts?: PictureParts | undefined;
  latencyMs: number | undefined;
  streams: Streams[];
  /** In the order of their names; none when not said. */
  secondary?: SecondaryQuestion[] | undefined;
}

/** What to ask the planner; null while the board or the model is not known. What is not valid is left out. */
export function planQuestion(inputs: Properties): PlanQuestion | null {
  const at = (...path: string[]) => knownAt(inputs, path);
  const [digest, board] = [textOf(at("detect", "model", "digest")), textOf(at("device", "board"))];
  if (digest === undefined || board === undefined) return null;
  const { minFps, latencyP95Ms } = BudgetSpec.shape;
  return {
    digest,
    board,
    module: textOf(at("device", "module")),
    jetpack: textOf(at("device", "jetpack")),
    powerMode: textOf(at("device", "powerMode")),
    libraryFaults: textsOf(at("device", "libraryFaults")),
    accelerator: AcceleratorChoice.safeParse(at("detect", "accelerator")).data,
    precision: PrecisionChoice.safeParse(at("detect", "precision")).data,
    minFps: minFps.safeParse(at("budget", "minFps")).data,
    interval: DetectSpec.shape.interval.safeParse(at("detect", "interval")).data,
    latencyMs: latencyP95Ms.safeParse(at("budget", "latencyP95Ms")).data,
    streams: streamsOf(at("sources")),
    ...partsIn(at("sources"), DetectSpec.shape.regions.safeParse(at("detect", "regions")).data),
    ...secondaryIn(at("secondary")),
  };
}

function streamsOf(sources: Value): Streams[] {
  return Object.values(isProperties(sources) ? sources : {}).flatMap((source) => {
    const video = videoOf(source);
    return video ? [{ count: 1, ...video }] : [];
  });
}

function videoOf(source: Value): VideoSpec | undefined {
  return VideoSpec.safeParse(knownAt(source, ["video"])).data;
}

function partsIn(
  sources: Value,
  regions: readonly RegionSpec[] | undefined,
): Pick<PlanQuestion, "parts"> {
  if (!regions) return {};
  const cameras = Object.entries(isProperties(sources) ? sources : {});
  return {
    parts: pictureParts(
      cameras.map(([name, source]) => ({
        parts: partsOf(name, regions),
        fps: videoOf(source)?.fps,
      })),
    ),
  };
}

function secondaryIn(value: Value): Pick<PlanQuestion, "secondary"> {
  if (!isProperties(value)) return {};
  const names = Object.keys(value).sort();
  return {
    secondary: names.map((name) => ({
      name,
      digest: textOf(knownAt(value, [name, "model", "digest"])),
    })),
  };
}

/** Whether the program asks for anything that the silicon may not give. */
export function asksAnything(question: PlanQuestion): boolean {
  const { accelerator, precision, latencyMs } = question;
  return (
    lookedAtFps(question) > 0 ||
    latencyMs !== undefined ||
    [accelerator, precision].some((choice) => choice !== undefined && choice !== "auto")
  );
}

function textsOf(value: Value): string[] {
  return Array.isArray(value) ? value.filter((part) => typeof part === "string") : [];
}

export function textOf(value: Value): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value at a path, out of its secret wrappers; null when there is none. */
export function knownAt(value: Value, path: readonly string[]): Value {
  return reveal(valueAt(value, path) ?? null);
}
