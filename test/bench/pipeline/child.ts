/** `node child.ts MODEL CLIP STREAMS`: runs our pipeline over a clip, read so many times, and prints its figures as JSON, as the rivals do. */
import { addon, COCO, fileSource, model, readMessage } from "../../native/addon.ts";

const [modelPath = "", clip = "", streams = "1"] = process.argv.slice(2);

const results: Uint8Array[] = [];
let frames = 0;
let startMs = 0;
let going = Number(streams);
const names = Array.from({ length: going }, (_, i) => `stream-${i}`);
let cpuBefore = process.cpuUsage();
const ended = Promise.withResolvers<void>();
const running = await addon.startPipeline(
  {
    name: "bench",
    sources: names.map((name) => ({ ...fileSource(clip), name })),
    model: model(modelPath, { labels: COCO }),
    track: { algorithm: "bytetrack" },
    statsIntervalMs: 1000,
    batchMs: 10,
  },
  (message) => {
    if (message.type === "frames") {
      frames += message.frames;
      results.push(message.json);
    }
    if (message.type === "failed") ended.reject(new Error(message.error.message));
    if (message.type !== "source") return;
    if (message.state === "playing" && startMs === 0) {
      startMs = performance.now();
      cpuBefore = process.cpuUsage();
    }
    if (message.state === "ended" && (going -= 1) === 0) ended.resolve();
  },
);
await ended.promise;
const seconds = (performance.now() - startMs) / 1000;
const cpu = process.cpuUsage(cpuBefore);
await running.stop();

const objects = results
  .map((json) => readMessage({ type: "frames", modelId: "", frames: 0, json }))
  .flatMap((message) => (message.type === "frames" ? message.frames : []))
  .reduce((sum, { detections }) => sum + detections.length, 0);
console.log(
  JSON.stringify({ frames, seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6, objects }),
);
