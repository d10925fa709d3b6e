/**
 * `node child.ts MODEL CLIP STREAMS`: runs our pipeline over a clip, read so many times, and prints the figures of its
 * process as JSON, as the rivals do.
 */
import type { DetectedFrame } from "../../../fleet/contract/index.ts";
import { COCO, fileSource, model } from "../../native/addon.ts";
import { RunApart } from "./run-apart.ts";
import type { Usage } from "./runner.ts";
import { now } from "./turns.ts";

const [modelPath = "", clip = "", streams = "1"] = process.argv.slice(2);

const results: Uint8Array[] = [];
let frames = 0;
let going = Number(streams);
let began: Promise<Usage> | undefined;
let from = 0;
const ended = Promise.withResolvers<void>();
const run = new RunApart(
  {
    name: "bench",
    sources: Array.from({ length: going }, (_, i) => ({
      ...fileSource(clip),
      name: `stream-${i}`,
    })),
    model: model(modelPath, { id: `sha256:${"0".repeat(64)}`, labels: COCO }),
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
    if (message.state === "playing" && began === undefined) {
      from = now();
      began = run.usage();
    }
    if (message.state === "ended" && (going -= 1) === 0) ended.resolve();
  },
);
await ended.promise;
const to = now();
const after = await run.usage();
const before = await began;
await run.stop();

const objects = results
  .flatMap((json) => JSON.parse(Buffer.from(json).toString()) as DetectedFrame[])
  .reduce((sum, { detections }) => sum + detections.length, 0);
const cpuSeconds = after.cpuSeconds - (before?.cpuSeconds ?? 0);
console.log(JSON.stringify({ frames, from, to, cpuSeconds, objects }));
