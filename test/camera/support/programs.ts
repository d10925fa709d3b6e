import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const build = new URL("../../../native/build/", import.meta.url).pathname;
export const cameraProgram = `${build}jetfleet-camera`;
export const sceneProgram = `${build}jetfleet-scene`;

/** Builds both programs where they are missing, so that the tests run by themselves. */
export function buildCamera(): void {
  if (existsSync(cameraProgram) && existsSync(sceneProgram)) return;
  const native = new URL("../../../native/", import.meta.url).pathname;
  execFileSync("make", ["-C", native, "-f", "camera/camera.mk", "scene", "camera"], {
    stdio: "pipe",
  });
}

export interface Camera {
  ready: { pid: number; rtspUrl: string; width: number; height: number; fps: number };
  process: ChildProcess;
  /** Exit status after SIGTERM. */
  stop(): Promise<number | null>;
}

export async function startCamera(...args: string[]): Promise<Camera> {
  const child = spawn(cameraProgram, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdout });
  const first = (await Promise.race([
    once(lines, "line"),
    exited.then(([status]) => {
      throw new Error(`expected the camera to start but it ended with status ${status}`);
    }),
  ])) as [string];
  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    return (await exited)[0];
  };
  return { ready: JSON.parse(first[0]) as Camera["ready"], process: child, stop };
}

const run = promisify(execFile);

export interface Finished {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/** Runs a program to its end; a status other than 0 is a result, not an exception. */
export async function finish(program: string, ...args: string[]): Promise<Finished> {
  try {
    const options = { encoding: "buffer", maxBuffer: 256 * 1024 * 1024, timeout: 25_000 } as const;
    const { stdout, stderr } = await run(program, args, options);
    return { status: 0, stdout, stderr: stderr.toString() };
  } catch (error) {
    const failed = error as { code?: number; stdout?: Buffer; stderr?: Buffer };
    return {
      status: typeof failed.code === "number" ? failed.code : -1,
      stdout: failed.stdout ?? Buffer.alloc(0),
      stderr: failed.stderr?.toString() ?? String(error),
    };
  }
}

/** The coded stream as ffmpeg receives it, not decoded. */
export async function record(
  url: string,
  transport: "tcp" | "udp",
  frames: number,
): Promise<Buffer> {
  const { status, stdout, stderr } = await finish(
    "ffmpeg",
    ..."-v error -rtsp_transport".split(" "),
    transport,
    "-i",
    url,
    ..."-c copy -frames:v".split(" "),
    String(frames),
    ..."-f h264 -".split(" "),
  );
  if (status !== 0) throw new Error(`expected ffmpeg to record ${url} but got: ${stderr}`);
  return stdout;
}

export interface TrueObject {
  id: number;
  label: string;
  box: [number, number, number, number];
  visible: number;
}

export interface TrueFrame {
  frame: number;
  width: number;
  height: number;
  objects: TrueObject[];
}

export async function truth(...args: string[]): Promise<TrueFrame[]> {
  const { stdout } = await finish(sceneProgram, "truth", ...args);
  const lines = stdout.toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line) as TrueFrame);
}

/** Packed RGB of one frame, without the picture file's header. */
export async function render(seed: number, frame: number, size: number): Promise<Buffer> {
  const { stdout } = await finish(
    sceneProgram,
    "render",
    "--seed",
    `${seed}`,
    "--frame",
    `${frame}`,
  );
  return stdout.subarray(stdout.length - size);
}
