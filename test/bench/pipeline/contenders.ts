import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { LIBRARIES } from "../../native/addon.ts";
import type { Clip } from "./inputs.ts";
import { type Command, inTurns, secondsIn } from "./turns.ts";

export interface Figures {
  fps: number;
  cpuMsPerFrame: number;
  /** Objects in all frames, to see that a contender did the work. */
  objects: number;
}

/** One way from a file to detections. Each run is a process of its own, so that CPU time is its own. */
export interface Contender {
  name: string;
  command(clip: Clip, model: string): Command;
}

/** What each prints: `from` and `to` in seconds of CLOCK_MONOTONIC. */
const Printed = z.object({
  frames: z.number().positive(),
  from: z.number(),
  to: z.number(),
  cpuSeconds: z.number().positive(),
  objects: z.number(),
});

const execute = promisify(execFile);
const HERE = import.meta.dirname;
const NATIVE = join(HERE, "../../../native");
const RIVALS = join(NATIVE, "build/rivals");
const OPENCV_HEADERS = "/usr/include/opencv4/opencv2/videoio.hpp";
export const OPENCV_MISSING =
  "not installed: apt-get install libopencv-core-dev libopencv-imgproc-dev libopencv-videoio-dev";

export const OURS: Contender = {
  name: "jetfleet",
  command: (clip, model) => [
    ...([process.execPath, join(HERE, "child.ts")] as const),
    ...[model, clip.path, String(clip.streams)],
  ],
};

export const FLOOR: Contender = {
  name: "floor: decoder and inference, unconnected",
  command: (clip, model) =>
    rival("floor", model, clip.path, String(clip.frames), String(clip.streams)),
};

export const FFMPEG_PIPE: Contender = {
  name: "ffmpeg pipe + ONNX Runtime",
  command: (clip, model) =>
    rival(
      ...(["ffmpeg-pipe", model, clip.path, String(clip.streams)] as const),
      ...[String(clip.width), String(clip.height)],
    ),
};

export const OPENCV: Contender = {
  name: "OpenCV + ONNX Runtime",
  command: (clip, model) => rival("opencv", model, clip.path, String(clip.streams), "plain"),
};

export const OPENCV_THREADED: Contender = {
  name: "OpenCV + ONNX Runtime, decode thread",
  command: (clip, model) => rival("opencv", model, clip.path, String(clip.streams), "thread"),
};

/** Builds what can be built here and returns the rivals that there are. */
export function buildRivals(): Contender[] {
  const opencv = existsSync(OPENCV_HEADERS);
  const targets = opencv ? ["all", "opencv"] : ["all"];
  execFileSync("make", ["-C", join(HERE, "rivals"), `OUT=${RIVALS}`, ...targets], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return opencv ? [FFMPEG_PIPE, OPENCV, OPENCV_THREADED] : [FFMPEG_PIPE];
}

function rival(name: string, ...args: string[]): Command {
  return [join(RIVALS, name), LIBRARIES.runtimePath, ...args];
}

/** All at the same time, each as if it were alone; in the order of the contenders. */
export async function measureInTurns(
  contenders: readonly Contender[],
  clip: Clip,
  model: string,
): Promise<Figures[]> {
  const outputs = await inTurns(contenders.map((one) => one.command(clip, model)));
  return outputs.map(({ stdout, turns }) => {
    const { frames, from, to, cpuSeconds, objects } = Printed.parse(JSON.parse(stdout));
    return {
      fps: frames / secondsIn(turns, [from, to]),
      cpuMsPerFrame: (cpuSeconds * 1000) / frames,
      objects,
    };
  });
}

/** Microseconds of a frame that knowing where its time went takes: stamps, meters and statistics. */
export async function measureTracing(streams: number): Promise<number> {
  execFileSync("make", ["-s", "-C", NATIVE, "build/tracing-cost"], { stdio: "inherit" });
  return await microsOf(join(NATIVE, "build/tracing-cost"), [String(streams)]);
}

/** Microseconds a frame of 30 objects takes from its detections to the payload for the broker. */
export async function measureDelivery(): Promise<number> {
  return await microsOf(process.execPath, [join(HERE, "delivery.ts")]);
}

async function microsOf(program: string, args: string[]): Promise<number> {
  const { stdout } = await execute(program, args);
  return (JSON.parse(stdout) as { microsPerFrame: number }).microsPerFrame;
}
