/**
 * Prints what a frame of 30 objects costs from the tracker to the payload that goes to the broker: publishing (JSON),
 * the border to JavaScript, the runner's pipe, the agent's end of it. CPU time of the threads that do nothing else, at
 * one frame a message, which is the worst case.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { DetectionsPayload } from "../../../agent/report/detections-payload.ts";
import { ByteSlab } from "../../../agent/supervise/byte-slab.ts";
import { EnvelopeReader, packEnvelope } from "../../../agent/supervise/envelope.ts";
import { openEnvelope } from "../../../agent/supervise/runner-message.ts";
import { addon, Fixture, fileSource, model } from "../../native/addon.ts";
import { tinyModel } from "../../native/tiny-model.ts";

const OBJECTS = 30;
const WARM_UP = 1000;
const FRAMES = 4000;
const DIGEST = `sha256:${"0".repeat(64)}`;
const PUBLISHING_THREAD = "jf-publish";

const fixture = new Fixture({ seconds: 4 });
writeFileSync(fixture.model, tinyModel({ small: OBJECTS }));
const reader = new EnvelopeReader();
const pipe = new ByteSlab();
const payloads = new DetectionsPayload("bench");
let frames = 0;
let bytes = 0;
let before = 0;
const done = Promise.withResolvers<void>();

const running = await addon.startPipeline(
  {
    name: "bench",
    sources: [{ ...fileSource(fixture.video), name: "camera", loop: true, realtime: false }],
    model: model(fixture.model, { id: DIGEST }),
    track: { algorithm: "bytetrack" },
    statsIntervalMs: 60_000,
    batchMs: 0,
  },
  (message) => {
    if (message.type === "failed") done.reject(new Error(message.error.message));
    if (message.type !== "frames") return;
    // What was read of a pipe has left it.
    pipe.rewind();
    for (const envelope of reader.push(packEnvelope(message, pipe))) {
      const opened = openEnvelope(envelope);
      if (opened.type !== "frames") continue;
      bytes += payloads.next({ modelDigest: opened.modelId, json: opened.json }).length;
    }
    if (frames === 0) expectObjects(message.json);
    const former = frames;
    frames += message.frames;
    if (former < WARM_UP && frames >= WARM_UP) before = tracingNanos();
    if (former < WARM_UP + FRAMES && frames >= WARM_UP + FRAMES) done.resolve();
  },
);
await done.promise;
const nanos = tracingNanos() - before;
await running.stop();
fixture.dispose();
console.log(
  JSON.stringify({
    microsPerFrame: nanos / 1000 / FRAMES,
    bytesPerFrame: Math.round(bytes / frames),
  }),
);

function expectObjects(json: Uint8Array): void {
  const [frame] = JSON.parse(Buffer.from(json).toString()) as { detections: unknown[] }[];
  if (frame?.detections.length !== OBJECTS) throw new Error(`Expected ${OBJECTS} objects a frame`);
}

/** Empty for a thread that has ended: each round of the clip has threads of its own. */
function nameOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

/** CPU time of the event loop's thread and of the publishing one. */
function tracingNanos(): number {
  const nanos = (task: string) =>
    Number(readFileSync(`/proc/self/task/${task}/schedstat`, "utf8").split(" ")[0]);
  const task = readdirSync("/proc/self/task").find((one) => nameOf(one) === PUBLISHING_THREAD);
  if (task === undefined) throw new Error(`Expected a thread called ${PUBLISHING_THREAD}`);
  return nanos(String(process.pid)) + nanos(task);
}
