import { FleetError } from "../errors/index.ts";
import { inferencesOf, type PictureParts, WHOLE } from "./picture-parts.ts";

/** Cameras of one kind that a board should serve. */
export interface Streams {
  count: number;
  width: number;
  height: number;
  fps: number;
}

/** What a pipeline must achieve. */
export interface Demand {
  streams: readonly Streams[];
  /** Pictures a second, or parts of them, that the model must look at; 0 when nothing was said. */
  fps: number;
  /** It looks at every so many-th picture, from 1. */
  interval: number;
  parts: PictureParts;
  /** Milliseconds that one inference may take; null when nothing was said. */
  latencyMs: number | null;
  /** That a picture takes one after the other, for its parts. */
  inferences: number;
}

export const NO_DEMAND: Demand = {
  ...{ streams: [], fps: 0, interval: 1, parts: WHOLE },
  ...{ latencyMs: null, inferences: 1 },
};

/**
 * The demand from what was said, of a model that takes so many pictures at once: a rate counts more than what the cameras
 * send.
 */
export function demandOf(said: {
  streams?: readonly Streams[] | undefined;
  minFps?: number | undefined;
  interval?: number | undefined;
  parts?: PictureParts | undefined;
  /** That all inferences of a picture may take. */
  latencyMs?: number | undefined;
  batch?: number | undefined;
}): Demand {
  const { streams = [], interval = 1, parts = WHOLE, latencyMs, batch = 1 } = said;
  const inferences = inferencesOf(parts, batch);
  return {
    ...{ streams, interval, parts, inferences },
    fps: lookedAtFps({ ...said, streams }),
    latencyMs: latencyMs === undefined ? null : latencyMs / inferences,
  };
}

/** Pictures a second, or parts of them, that the model must look at; 0 when nothing was said. */
export function lookedAtFps(said: {
  streams: readonly Streams[];
  minFps?: number | undefined;
  interval?: number | undefined;
  parts?: PictureParts | undefined;
}): number {
  const { average } = said.parts ?? WHOLE;
  return ((said.minFps ?? demandedFps(said.streams)) * average) / (said.interval ?? 1);
}

/** As whoever asks for it reads it. */
export function askedText({ fps, interval, parts: { average } }: Demand): string {
  const pictures = fps / average;
  const each =
    average === 1 ? "" : `, ${rounded(average)} regions of each of ${rounded(pictures)} pictures`;
  const skipped =
    interval === 1 ? "" : `, one picture in ${interval} of ${rounded(pictures * interval)}`;
  return `${rounded(fps)}${each}${skipped}`;
}

/** What one inference may take, as whoever allows it reads it. */
export function allowedText({ latencyMs, inferences }: Demand): string {
  const each = inferences === 1 ? "" : ` for each of the ${inferences} that a picture takes`;
  return `${rounded(latencyMs ?? 0)} ms${each}`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(1)));
}

const HEIGHTS: Readonly<Record<string, number>> = {
  "720p": 1280,
  "1080p": 1920,
  "1440p": 2560,
  "2160p": 3840,
  "4k": 3840,
};

/** Reads `4@1080p30` or `2@1280x720@15`: how many cameras, their size, and frames a second. */
export function parseStreams(text: string): Streams {
  const named = /^(\d+)@(\d+p|4k)(\d+(?:\.\d+)?)$/i.exec(text);
  const sized = /^(\d+)@(\d+)x(\d+)@(\d+(?:\.\d+)?)$/.exec(text);
  const width = HEIGHTS[named?.[2]?.toLowerCase() ?? ""];
  if (named && width !== undefined) {
    return { count: Number(named[1]), width, height: (width * 9) / 16, fps: Number(named[3]) };
  }
  if (sized) {
    const [, count, wide, high, fps] = sized.map(Number);
    return { count: count ?? 0, width: wide ?? 0, height: high ?? 0, fps: fps ?? 0 };
  }
  throw new FleetError(
    "USAGE",
    `expected streams such as 4@1080p30 or 2@1280x720@15, got ${JSON.stringify(text)}`,
  );
}

/** Pictures a second that the cameras send. */
function demandedFps(streams: readonly Streams[]): number {
  return streams.reduce((sum, { count, fps }) => sum + count * fps, 0);
}

/** Pixels a second that the decoder must handle, in millions. */
export function demandedMpix(streams: readonly Streams[]): number {
  return streams.reduce(
    (sum, { count, width, height, fps }) => sum + (count * width * height * fps) / 1e6,
    0,
  );
}
