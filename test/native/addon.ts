import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { AnalyticsEvent, DetectedFrame, PipelineStats } from "../../fleet/contract/index.ts";
import { onnxRuntime } from "../../fleet/provision/runtime/sources.ts";
import type {
  NativeAddon,
  NativeMessage,
  NativeModelOptions,
  NativePipeline,
  NativePipelineOptions,
  NativeSource,
} from "../../native/binding/api.ts";
import { tinyModel } from "./tiny-model.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Another build of the addon, such as one with sanitizers. */
const BUILD = resolve(ROOT, process.env["JETFLEET_NATIVE_BUILD"] ?? "native/build");
export const ADDON_PATH = join(BUILD, "jetfleet.node");
export const addon = createRequire(import.meta.url)(ADDON_PATH) as NativeAddon;

/** Real models and videos; not part of the project. */
const DATA = join(ROOT, "../shared/data");
export const data = (path: string): string => join(DATA, path);
/** For titles of tests that need it: why they are skipped. */
export const hasData = existsSync(data("models/yolox_nano.onnx"));
export const needsData = hasData ? "" : " [skipped: ../shared/data is absent]";

export const LIBRARIES = {
  backendPath: join(BUILD, "libjetfleet-backend-onnxruntime.so"),
  runtimePath: onnxRuntime(process.arch),
};

/** The 80 labels of COCO; only those that tests speak of have their names. */
export const COCO = Array.from({ length: 80 }, (_, i) => `class-${i}`);
Object.assign(COCO, { 0: "person", 1: "bicycle", 2: "car", 7: "truck", 16: "dog" });

export function yoloxNano(options: Partial<NativeModelOptions> = {}): NativeModelOptions {
  return model(data("models/yolox_nano.onnx"), { labels: COCO, ...options });
}

export function model(path: string, options: Partial<NativeModelOptions> = {}): NativeModelOptions {
  return {
    path,
    labels: ["object"],
    decoder: "yolox",
    minScore: 0.4,
    nmsIou: 0.45,
    threads: 1,
    ...LIBRARIES,
    ...options,
  };
}

/** A folder with a tiny model and a short video in it; `dispose` removes it. */
export class Fixture {
  readonly folder = mkdtempSync(join(tmpdir(), "jetfleet-native-"));
  readonly model = this.file("tiny.onnx");
  readonly video = this.file("video.mp4");

  constructor({ seconds = 1, fps = 25 } = {}) {
    writeFileSync(this.model, tinyModel());
    ffmpeg(
      ...["-f", "lavfi", "-i", `testsrc=size=128x96:rate=${fps}:duration=${seconds}`],
      ...["-c:v", "libx264", "-pix_fmt", "yuv420p", this.video],
    );
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  get source(): NativeSource {
    return fileSource(this.video);
  }

  options(changes: Partial<NativePipelineOptions> = {}): NativePipelineOptions {
    return {
      name: "test",
      sources: [this.source],
      model: model(this.model),
      track: { algorithm: "bytetrack" },
      statsIntervalMs: 100,
      batchMs: 20,
      ...changes,
    };
  }
}

export function fileSource(path: string): NativeSource {
  return { uri: `file://${path}`, transport: "tcp", loop: false, timeoutMs: 2000 };
}

export function ffmpeg(...args: string[]): Buffer {
  // What may be loaded into Node, such as a sanitizer, has no business in other programs.
  const { LD_PRELOAD: _, ...env } = process.env;
  return execFileSync("ffmpeg", ["-v", "error", "-y", ...args], { maxBuffer: 1 << 28, env });
}

export type Frames = DetectedFrame[];
export type Stats = PipelineStats;

/** A message with its JSON read. */
export type ReadMessage =
  | { type: "frames"; modelId: string; frames: Frames }
  | { type: "stats"; stats: Stats }
  | { type: "analytics"; events: AnalyticsEvent[] }
  | Exclude<NativeMessage, { json: Uint8Array }>;

export function readMessage(message: NativeMessage): ReadMessage {
  if (message.type === "stats") return { type: "stats", stats: jsonOf(message) as Stats };
  if (message.type === "analytics") {
    return { type: "analytics", events: jsonOf(message) as AnalyticsEvent[] };
  }
  if (message.type !== "frames") return message;
  return { type: "frames", modelId: message.modelId, frames: jsonOf(message) as Frames };
}

function jsonOf({ json }: { json: Uint8Array }): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
}

/** A running pipeline whose messages are kept and can be waited for. */
export class Run {
  readonly messages: ReadMessage[] = [];
  #pipeline: NativePipeline | null = null;
  #waiting: (() => void)[] = [];

  static async start(options: NativePipelineOptions): Promise<Run> {
    const run = new Run();
    run.#pipeline = await addon.startPipeline(options, (message) => {
      run.messages.push(readMessage(message));
      for (const wake of run.#waiting.splice(0)) wake();
    });
    return run;
  }

  get pipeline(): NativePipeline {
    if (this.#pipeline === null) throw new Error("Not started");
    return this.#pipeline;
  }

  get frames(): Frames {
    return this.messages.flatMap((message) => (message.type === "frames" ? message.frames : []));
  }

  get stats(): Stats[] {
    return this.messages.flatMap((message) => (message.type === "stats" ? [message.stats] : []));
  }

  get states(): string[] {
    return this.messages.flatMap((message) => (message.type === "source" ? [message.state] : []));
  }

  async until(condition: (run: Run) => boolean, timeoutMs = 25_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition(this)) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`Not in time; last: ${JSON.stringify(this.messages.at(-1))}`);
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          wake();
        });
      });
    }
  }

  async untilEnded(timeoutMs?: number): Promise<void> {
    await this.until((run) => run.states.includes("ended"), timeoutMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    await this.#pipeline?.stop();
  }
}
