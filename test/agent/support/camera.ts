import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../../..");
/** The simulated camera, built by `make -C native`. */
export const CAMERA = join(ROOT, "native/build/jetfleet-camera");

/** Frames a second that it sends. */
export const CAMERA_FPS = 5;

export interface Camera {
  process: ChildProcess;
  uri: string;
}

export async function startCamera(): Promise<Camera> {
  const camera = spawn(CAMERA, ["--port", "0", "--fps", String(CAMERA_FPS)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: camera.stdout }), "line")) as [string];
  return { process: camera, uri: (JSON.parse(line) as { rtspUrl: string }).rtspUrl };
}
