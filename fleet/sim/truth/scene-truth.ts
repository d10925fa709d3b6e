import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { FleetError } from "../../errors/index.ts";
import type { TrueObject } from "../score/index.ts";

const run = promisify(execFile);

/** Where `make -C native scene` puts the scene's command. */
export const SCENE_BINARY = join(import.meta.dirname, "../../../native/build/jetfleet-scene");

/** Frames asked for at once; a frame takes about 1 ms and 1 kB. */
const CHUNK_FRAMES = 300;
const DEADLINE_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 << 20;

export interface SceneOptions {
  seed: number;
  width: number;
  height: number;
  fps: number;
}

const TruthLine = z.object({
  frame: z.number().int().nonnegative(),
  /** 0 by day, 1 at night: the scene's day has ten minutes. */
  night: z.number().min(0).max(1),
  objects: z.array(
    z.object({
      id: z.number().int(),
      label: z.string(),
      box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      visible: z.number().min(0).max(1),
    }),
  ),
});

/** What one picture showed; a frame without a number shows nothing that is known. */
export interface FrameTruth {
  night: number;
  objects: readonly TrueObject[];
}
export const NOTHING_KNOWN: FrameTruth = { night: 0, objects: [] };

/** What a simulated camera shows, by frame number. The scene is a pure function of seed and number. */
export class SceneTruth {
  readonly #options: SceneOptions;
  readonly #chunks = new Map<number, Promise<readonly FrameTruth[]>>();

  constructor(options: SceneOptions) {
    this.#options = options;
  }

  async of(frame: number): Promise<FrameTruth> {
    const start = frame - (frame % CHUNK_FRAMES);
    const chunk = this.#chunks.get(start) ?? this.#load(start);
    this.#chunks.set(start, chunk);
    return (await chunk)[frame - start] ?? NOTHING_KNOWN;
  }

  /** Forgets frames before `frame`. */
  forgetBefore(frame: number): void {
    for (const start of this.#chunks.keys()) {
      if (start + CHUNK_FRAMES <= frame) this.#chunks.delete(start);
    }
  }

  async #load(start: number): Promise<readonly FrameTruth[]> {
    const { seed, width, height, fps } = this.#options;
    const values = { seed, width, height, fps, from: start, count: CHUNK_FRAMES };
    const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const { stdout } = await run(SCENE_BINARY, ["truth", ...args], {
      timeout: DEADLINE_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    }).catch((cause: unknown) => {
      throw new FleetError(
        "SIM_FAILED",
        `Expected ${SCENE_BINARY} to tell the truth of frame ${start}`,
        { cause },
      );
    });
    const lines = stdout.trimEnd().split("\n");
    return lines.map((line) => TruthLine.parse(JSON.parse(line)));
  }
}
