import { closeSync, openSync, readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { type Envelope, EnvelopeReader } from "../../agent/supervise/envelope.ts";
import { openEnvelope, type RunnerMessage } from "../../agent/supervise/runner-message.ts";
import { addon, Fixture, type Frames, model, Run } from "./addon.ts";

const fixture = new Fixture();
afterAll(() => fixture.dispose());

const options = fixture.options({
  model: model(fixture.model, { id: `sha256:${"a".repeat(64)}` }),
});

/** What an agent reads of a pipeline that has written all to a file. */
async function toldByPipe(): Promise<Envelope[]> {
  const path = fixture.file("results");
  const fd = openSync(path, "w");
  const pipeline = await addon.startPipeline(options, fd);
  // Its own by now.
  closeSync(fd);
  const all = () => new EnvelopeReader().push(readFileSync(path));
  const isEnded = (one: Envelope) => one.type === "source" && stateOf(one) === "ended";
  await expect.poll(() => all().some(isEnded), { timeout: 20_000 }).toBe(true);
  await pipeline.stop();
  return all();
}

const stateOf = (envelope: Envelope) => (openEnvelope(envelope) as { state?: string }).state;

const framesOf = (messages: RunnerMessage[]): Frames =>
  messages.flatMap((message) =>
    message.type === "frames" ? (JSON.parse(Buffer.from(message.json).toString()) as Frames) : [],
  );

/** Without what differs from run to run. */
const lasting = (frames: Frames) => frames.map(({ capturedAtMs: _, ...frame }) => frame);

test("a file descriptor is told what a function is told, as the agent reads it", async () => {
  const run = await Run.start(options);
  await run.until(({ states }) => states.includes("ended"));
  await run.stop();
  const told = (await toldByPipe()).map(openEnvelope);
  expect(run.frames.length).toBe(25);
  expect(lasting(framesOf(told))).toEqual(lasting(run.frames));
  const states = told.flatMap((one) => (one.type === "source" ? [one.state] : []));
  expect(states).toEqual(run.states);
  const last = told.flatMap((one) => (one.type === "stats" ? [one.stats] : [])).at(-1);
  expect(last).toMatchObject({ name: "test", framesTotal: 25, droppedTotal: 0 });
});

test.each([
  ["one that is not open", 1_000_000],
  ["one that is only read", openSync("/dev/null", "r")],
  ["a negative number", -1],
  ["a fraction", 1.5],
  ["no number", Number.NaN],
  ["a number beyond all", 1e300],
  ["none", undefined],
])("%s is refused as a receiver", async (_, receiver) => {
  await expect(addon.startPipeline(options, receiver as number)).rejects.toThrow(
    "Expected a function, or a file descriptor that is open for writing, for receiver",
  );
});
