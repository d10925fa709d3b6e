/**
 * Stands in for jetfleet.node where the native runtime is not built: same surface, no video. The model's bytes and
 * the source's URI say how it behaves:
 *
 *   model begins with "bad"      startPipeline rejects with MODEL_INVALID
 *   model begins with "abort"    the process dies while loading
 *   model begins with "mute"     loads, but no frame ever comes
 *   URI ends in /unreachable     the source is lost again and again
 *   URI ends in /crash           the process dies after a few frames
 *   URI ends in /hang            the process blocks in native code and hears nothing
 */
import { readFileSync } from "node:fs";
import type { DetectedFrame, PipelineStats } from "../../../fleet/contract/index.ts";
import type { NativeAddon, NativeMessage } from "../../../native/binding/api.ts";

type StartPipeline = NativeAddon["startPipeline"];

const FRAME_MS = 50;

export const version = "fake";

export const startPipeline: StartPipeline = (options, onMessage) => {
  const model = readFileSync(options.model.path, "latin1");
  if (model.startsWith("bad")) {
    return Promise.reject(
      Object.assign(new Error("the model is bad"), { code: "MODEL_INVALID" as const }),
    );
  }
  if (model.startsWith("abort")) process.kill(process.pid, "SIGSEGV");
  const timers = options.source.uri.endsWith("/unreachable")
    ? loseSource(options.source.uri, onMessage)
    : play(options, onMessage, model.startsWith("mute"));
  return Promise.resolve({
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      return Promise.resolve();
    },
  });
};

function loseSource(uri: string, onMessage: (message: NativeMessage) => void) {
  const error = { code: "SOURCE_UNREACHABLE" as const, message: `no answer from ${uri}` };
  onMessage({ type: "source", state: "connecting", error: null });
  return [setInterval(() => onMessage({ type: "source", state: "lost", error }), 200)];
}

function play(
  { source, name, statsIntervalMs }: Parameters<StartPipeline>[0],
  onMessage: (message: NativeMessage) => void,
  mute: boolean,
) {
  onMessage({ type: "source", state: "playing", error: null });
  if (mute) return [];
  let index = 0;
  const frames = setInterval(() => {
    onMessage({ type: "frames", frames: [frameOf(index)] });
    index += 1;
    if (index <= 5) return;
    if (source.uri.endsWith("/crash")) process.abort();
    if (source.uri.endsWith("/hang")) for (;;);
  }, FRAME_MS);
  const stats = setInterval(() => {
    onMessage({ type: "stats", stats: statsOf(name, index), messagesDropped: 0 });
  }, statsIntervalMs);
  return [frames, stats];
}

function frameOf(index: number): DetectedFrame {
  const person = {
    label: "person",
    score: 0.9,
    box: [index, 10, 20, 40] as DetectedFrame["detections"][0]["box"],
  };
  return {
    sourceFrame: index,
    index,
    ptsMs: index * FRAME_MS,
    capturedAtMs: null,
    width: 1280,
    height: 720,
    detections: [person],
    tracks: [{ ...person, trackId: 1 }],
  };
}

function statsOf(name: string, framesTotal: number): PipelineStats {
  return {
    name,
    fps: 1000 / FRAME_MS,
    framesTotal,
    droppedTotal: 0,
    latencyMs: { p50: 5, p95: 8, p99: 9, max: 10 },
    latencyFrom: "arrival",
    stages: [],
    tracksTotal: 1,
    copiesPerFrame: 1,
    copiedBytesPerFrame: 1_382_400,
    source: { state: "playing", reconnects: 0 },
  };
}
