/**
 * Prints what a frame of 30 objects costs from its detections to the payload that goes to the broker: tracker, JSON and
 * the pipe in the runner's process, the pipe's other end in the agent's. CPU time of the threads that do nothing else, at
 * one frame a message, which is the worst case.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { DetectionsPayload } from "../../../agent/report/detections-payload.ts";
import { Fixture, fileSource, model } from "../../native/addon.ts";
import { tinyModel } from "../../native/tiny-model.ts";
import { RunApart } from "./run-apart.ts";

const OBJECTS = 30;
const WARM_UP = 1000;
const FRAMES = 4000;

const fixture = new Fixture({ seconds: 4 });
writeFileSync(fixture.model, tinyModel({ small: OBJECTS }));
const payloads = new DetectionsPayload("bench");
let frames = 0;
let bytes = 0;
const warm = Promise.withResolvers<void>();
const done = Promise.withResolvers<void>();
const run = new RunApart(
  {
    name: "bench",
    sources: [{ ...fileSource(fixture.video), name: "camera", loop: true, realtime: false }],
    model: model(fixture.model, { id: `sha256:${"0".repeat(64)}` }),
    track: { algorithm: "bytetrack" },
    statsIntervalMs: 60_000,
    batchMs: 0,
  },
  (message) => {
    if (message.type === "failed") done.reject(new Error(message.error.message));
    if (message.type !== "frames") return;
    if (frames === 0) expectObjects(message.json);
    bytes += payloads.next({ modelDigest: message.modelId, json: message.json }).length;
    frames += message.frames;
    if (frames === WARM_UP) warm.resolve();
    if (frames === WARM_UP + FRAMES) done.resolve();
  },
);
await warm.promise;
const [before, from] = [await secondsOfBoth(), frames];
await done.promise;
const [seconds, until] = [(await secondsOfBoth()) - before, frames];
await run.stop();
fixture.dispose();
console.log(
  JSON.stringify({
    microsPerFrame: (seconds * 1e6) / (until - from),
    bytesPerFrame: Math.round(bytes / frames),
  }),
);

/** Of the runner's threads and of this process's event loop. */
async function secondsOfBoth(): Promise<number> {
  const { deliverySeconds } = await run.usage();
  const [nanos] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ");
  return deliverySeconds + Number(nanos) / 1e9;
}

function expectObjects(json: Uint8Array): void {
  const [frame] = JSON.parse(Buffer.from(json).toString()) as { detections: unknown[] }[];
  if (frame?.detections.length !== OBJECTS) throw new Error(`Expected ${OBJECTS} objects a frame`);
}
