// Stands in for jetfleet.node where the native runtime is not built: same surface, no video. The model's bytes
// and the source's URI say how it behaves:
//   model begins with "bad"      startPipeline rejects with MODEL_INVALID
//   model begins with "abort"    the process dies while loading
//   model begins with "mute"     loads, but no frame ever comes
//   URI ends in /unreachable     the source is lost again and again
//   URI ends in /crash           the process dies after a few frames
//   URI ends in /silent          the native runtime hangs: it blocks its process
const { readFileSync } = require("node:fs");

const FRAME_MS = 50;

exports.version = "fake";

exports.startPipeline = async (options, onMessage) => {
  const model = readFileSync(options.model.path, "latin1");
  if (model.startsWith("bad")) throw coded("MODEL_INVALID", "the model is bad");
  if (model.startsWith("abort")) process.kill(process.pid, "SIGSEGV");
  const timers = [];
  if (options.source.uri.endsWith("/unreachable")) {
    const error = { code: "SOURCE_UNREACHABLE", message: `no answer from ${options.source.uri}` };
    onMessage({ type: "source", state: "connecting", error: null });
    timers.push(setInterval(() => onMessage({ type: "source", state: "lost", error }), 200));
  } else {
    onMessage({ type: "source", state: "playing", error: null });
    if (!model.startsWith("mute")) timers.push(...play(options, onMessage));
  }
  return {
    stop: async () => timers.forEach((timer) => clearInterval(timer)),
  };
};

function play(options, onMessage) {
  let index = 0;
  const frames = setInterval(() => {
    onMessage({ type: "frames", frames: [frameOf(index)] });
    index += 1;
    if (options.source.uri.endsWith("/crash") && index > 5) process.abort();
    if (options.source.uri.endsWith("/silent") && index > 5) for (;;);
  }, FRAME_MS);
  const stats = setInterval(() => {
    onMessage({ type: "stats", stats: statsOf(options.name, index), messagesDropped: 0 });
  }, options.statsIntervalMs);
  return [frames, stats];
}

function frameOf(index) {
  const box = [index, 10, 20, 40];
  return {
    sourceFrame: index,
    index,
    ptsMs: index * FRAME_MS,
    capturedAtMs: null,
    width: 1280,
    height: 720,
    detections: [{ label: "person", score: 0.9, box }],
    tracks: [{ label: "person", score: 0.9, box, trackId: 1 }],
  };
}

function statsOf(name, framesTotal) {
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
    copiedBytesPerFrame: 1382400,
    source: { state: "playing", reconnects: 0 },
  };
}

function coded(code, message) {
  return Object.assign(new Error(message), { code });
}
