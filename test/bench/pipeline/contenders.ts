import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { LIBRARIES } from "../../native/addon.ts";
import type { Clip } from "./inputs.ts";

export interface Figures {
  fps: number;
  cpuMsPerFrame: number;
  /** Objects in all frames, to see that a contender did the work. */
  objects: number;
}

/** One way from a file to detections. Each run is a process of its own, so that CPU time is its own. */
export interface Contender {
  name: string;
  measure(clip: Clip, model: string): Promise<Figures>;
}

const execute = promisify(execFile);
const HERE = import.meta.dirname;
const NATIVE = join(HERE, "../../../native");
const RIVALS = join(NATIVE, "build/rivals");
const OPENCV_HEADERS = "/usr/include/opencv4/opencv2/videoio.hpp";
export const OPENCV_MISSING =
  "not installed: apt-get install libopencv-core-dev libopencv-imgproc-dev libopencv-videoio-dev";

export const OURS: Contender = {
  name: "jetfleet",
  measure: (clip, model) =>
    run(process.execPath, [join(HERE, "child.ts"), model, clip.path, String(clip.streams)]),
};

export const FLOOR: Contender = {
  name: "floor: decoder and inference, unconnected",
  measure: (clip, model) =>
    runRival("floor", model, clip.path, String(clip.frames), String(clip.streams)),
};

export const FFMPEG_PIPE: Contender = {
  name: "ffmpeg pipe + ONNX Runtime",
  measure: (clip, model) =>
    runRival(
      ...(["ffmpeg-pipe", model, clip.path, String(clip.streams)] as const),
      ...[String(clip.width), String(clip.height)],
    ),
};

export const OPENCV: Contender = {
  name: "OpenCV + ONNX Runtime",
  measure: (clip, model) => runRival("opencv", model, clip.path, String(clip.streams), "plain"),
};

export const OPENCV_THREADED: Contender = {
  name: "OpenCV + ONNX Runtime, decode thread",
  measure: (clip, model) => runRival("opencv", model, clip.path, String(clip.streams), "thread"),
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

function runRival(name: string, ...args: string[]): Promise<Figures> {
  return run(join(RIVALS, name), [LIBRARIES.runtimePath, ...args]);
}

async function run(program: string, args: string[]): Promise<Figures> {
  const { stdout } = await execute(program, args);
  const { frames, seconds, cpuSeconds, objects } = JSON.parse(stdout) as Record<string, number>;
  if (!frames || !seconds || cpuSeconds === undefined) throw new Error(`${program} said ${stdout}`);
  return {
    fps: frames / seconds,
    cpuMsPerFrame: (cpuSeconds * 1000) / frames,
    objects: objects ?? 0,
  };
}

/** Microseconds of a frame that knowing where its time went takes: stamps, meters and statistics. */
export async function measureTracing(streams: number): Promise<number> {
  execFileSync("make", ["-s", "-C", NATIVE, "build/tracing-cost"], { stdio: "inherit" });
  return await microsOf(join(NATIVE, "build/tracing-cost"), [String(streams)]);
}

/** Microseconds a frame of 30 objects takes from the tracker to the payload for the broker. */
export async function measureDelivery(): Promise<number> {
  return await microsOf(process.execPath, [join(HERE, "delivery.ts")]);
}

async function microsOf(program: string, args: string[]): Promise<number> {
  const { stdout } = await execute(program, args);
  return (JSON.parse(stdout) as { microsPerFrame: number }).microsPerFrame;
}
