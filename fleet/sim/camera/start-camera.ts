import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { FleetError } from "../../errors/index.ts";

/** Where `make -C native camera` puts the camera. */
export const CAMERA_BINARY = join(import.meta.dirname, "../../../native/build/jetfleet-camera");

const READY_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 5_000;

/** The line the camera prints when it is ready. */
const CameraInfo = z.looseObject({
  pid: z.number().int().positive(),
  rtspUrl: z.string(),
  /** Null when a file is served. */
  seed: z.number().nullable(),
  width: z.number(),
  height: z.number(),
  fps: z.number(),
});
export type CameraInfo = z.infer<typeof CameraInfo>;

/** Options of `jetfleet-camera`; absent ones have its own defaults. */
export interface CameraOptions {
  port?: number;
  mount?: string;
  seed?: number;
  fps?: number;
  width?: number;
  height?: number;
  bitrateKbit?: number;
  /** An H.264 file to serve as it is, instead of the scene. */
  file?: string;
  loop?: boolean;
  user?: string;
  /** File with the password on its first line; a password never stands in an argument. */
  passwordFile?: string;
  binary?: string;
  signal?: AbortSignal;
}

export interface Camera {
  info: CameraInfo;
  rtspUrl: string;
  /** Ends the camera and resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a simulated IP camera and waits until it serves. It ends at the latest when this process does. */
export async function startCamera(options: CameraOptions = {}): Promise<Camera> {
  const binary = options.binary ?? CAMERA_BINARY;
  if (!existsSync(binary)) {
    throw new FleetError(
      "SETUP_MISSING",
      `Expected the simulated camera at ${binary}, but it is not there.`,
    );
  }
  options.signal?.throwIfAborted();
  const child = spawn("setpriv", ["--pdeathsig", "KILL", binary, ...cameraArguments(options)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    const info = await firstLine(child, options.signal);
    return { info, rtspUrl: info.rtspUrl, stop: () => stop(child, ended) };
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
}

/** The camera's command line. */
export function cameraArguments(options: CameraOptions): string[] {
  const values: Record<string, string | number | undefined> = {
    "--port": options.port,
    "--mount": options.mount,
    "--seed": options.seed,
    "--fps": options.fps,
    "--width": options.width,
    "--height": options.height,
    "--bitrate": options.bitrateKbit,
    "--file": options.file,
    "--user": options.user,
    "--password-file": options.passwordFile,
  };
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [name, String(value)],
  );
  return options.loop ? [...given, "--loop"] : given;
}

function firstLine(child: ChildProcess, signal: AbortSignal | undefined): Promise<CameraInfo> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new TypeError("the camera must have pipes");
  let said = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => {
      const why = said.trim() === "" ? "" : `: ${said.trim()}`;
      reject(
        new FleetError("SIM_FAILED", `Expected the simulated camera to start, but ${what}${why}`, {
          cause,
        }),
      );
    };
    const timer = setTimeout(
      () => fail(`it was silent for ${READY_DEADLINE_MS / 1000} s`),
      READY_DEADLINE_MS,
    );
    const cancel = (): void =>
      reject(new FleetError("CANCELLED", "Starting the simulated camera was cancelled."));
    signal?.addEventListener("abort", cancel, { once: true });
    child.once("error", (error) => fail(error.message, error));
    child.once("close", () => fail("it ended at once"));
    createInterface({ input: stdout }).once("line", (line) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      try {
        resolve(CameraInfo.parse(JSON.parse(line)));
      } catch (error) {
        fail(`it said ${JSON.stringify(line)}`, error);
      }
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(timer);
}
