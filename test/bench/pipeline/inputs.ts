import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Of all streams together. The first dozen take five times as long, for memory that was never touched: enough behind them. */
export const FRAMES = 640;
/** Of the video, in seconds: before, no car is in sight. */
const BEGIN = 4;

export interface Clip {
  path: string;
  width: number;
  height: number;
  /** Of one stream. */
  frames: number;
  /** How often it is read at the same time. */
  streams: number;
}

/** Path of a file in ../shared/data, which is not part of the project. */
export function requireData(path: string): string {
  const full = join(ROOT, "../shared/data", path);
  if (existsSync(full)) return full;
  throw new Error(
    `Expected ../shared/data/${path} beside the project: this bench needs real models and videos`,
  );
}

/** car-detection at the bit rate of a camera, scaled where it must be, with a camera's noise. Made once, then cached. */
export function clip(
  { width, height, bitRate }: { width: number; height: number; bitRate: string },
  streams: number,
  log: (line: string) => void,
): Clip {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "jetfleet/bench");
  const frames = FRAMES / streams;
  const path = join(folder, `car-detection-${height}p-${BEGIN}s-${frames}.mp4`);
  const made = { path, width, height, frames, streams };
  if (existsSync(path)) return made;
  const source = requireData("videos/car-detection.mp4");
  log(`making ${path} (once)`);
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.mp4`;
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y"],
    ...["-stream_loop", "1", "-ss", String(BEGIN), "-i", source, "-frames:v", String(frames)],
    ...["-vf", `scale=${width}:${height},noise=alls=6:allf=t`, "-an", "-pix_fmt", "yuv420p"],
    ...["-c:v", "libx264", "-profile:v", "main", "-preset", "veryfast", "-b:v", bitRate],
    unfinished,
  ]);
  renameSync(unfinished, path);
  return made;
}
