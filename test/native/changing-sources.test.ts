import { afterAll, expect, test } from "vitest";
import type { NativePipeline, NativeSource } from "../../native/binding/api.ts";
import { addon, Fixture, model, Run } from "./addon.ts";

const fixture = new Fixture({ seconds: 4 });
afterAll(() => fixture.dispose());

const source = (name: string): NativeSource => ({ ...fixture.source, name, loop: true });
const options = fixture.options({ sources: [source("stays")], model: model(fixture.model) });

const framesOf = (run: Run, name: string) => run.frames.filter((frame) => frame.source === name);
const untilMoreOf = (run: Run, name: string) => {
  const before = framesOf(run, name).length;
  return run.until((now) => framesOf(now, name).length > before + 5);
};

const codeOf = (reason: unknown) => (reason as { code?: string }).code ?? "without a code";

test("a source comes and goes beside one whose frames have no gap", async () => {
  const run = await Run.start(options);
  for (let round = 0; round < 3; round += 1) {
    await run.pipeline.addSource(source("guest"));
    await untilMoreOf(run, "guest");
    await run.until(({ stats }) => stats.at(-1)?.sources?.length === 2);
    await run.pipeline.removeSource("guest");
    const after = run.messages.length;
    await untilMoreOf(run, "stays");
    const late = run.messages.slice(after).filter((message) => {
      if (message.type === "source" || message.type === "warning")
        return message.source === "guest";
      return message.type === "frames" && message.frames.some((frame) => frame.source === "guest");
    });
    expect(late, "nothing of it follows its removal").toEqual([]);
  }
  await run.until(({ stats }) => stats.at(-1)?.sources === undefined);
  await run.stop();
  const indices = framesOf(run, "stays").map(({ index }) => index);
  expect(indices).toEqual(indices.map((_, index) => index));
  const guest = framesOf(run, "guest").map(({ index }) => index);
  expect(guest.filter((index) => index === 0)).toHaveLength(3);
  const totals = run.stats.map(({ framesTotal }) => framesTotal);
  expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  expect(totals.at(-1)).toBeGreaterThanOrEqual(guest.length);
});

test("what cannot be is refused, and the pipeline goes on", async () => {
  const run = await Run.start(options);
  const { pipeline } = run;
  const refused = (work: Promise<void>) => work.then(() => null).catch((error: unknown) => error);
  const odd = [undefined, null, 0, "", [], {}, { ...source("x"), uri: 7 }, fixture.source];
  for (const one of odd) {
    expect(await refused(pipeline.addSource(one as never)), JSON.stringify(one)).toBeInstanceOf(
      TypeError,
    );
  }
  for (const one of [undefined, null, 0, {}, Symbol("s")]) {
    expect(await refused(pipeline.removeSource(one as never))).toBeInstanceOf(TypeError);
  }
  const usage = { code: "USAGE" };
  expect(await refused(pipeline.addSource(source("stays")))).toMatchObject(usage);
  expect(await refused(pipeline.removeSource("stays"))).toMatchObject(usage);
  expect(await refused(pipeline.removeSource("nobody"))).toMatchObject(usage);
  const many = Array.from({ length: 20 }, (_, at) => pipeline.addSource(source(`many-${at}`)));
  const outcomes = await Promise.all(many.map(refused));
  expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(15);
  await untilMoreOf(run, "stays");
  await run.stop();
  expect(await refused(pipeline.addSource(source("late")))).toMatchObject({ code: "CANCELLED" });
  expect(await refused(pipeline.removeSource("many-1"))).toMatchObject({ code: "CANCELLED" });
});

test("a stop ends what is under way", async () => {
  const run = await Run.start(options);
  const work = Array.from({ length: 6 }, (_, at) => run.pipeline.addSource(source(`s${at}`)));
  const settled = Promise.allSettled([...work, run.pipeline.removeSource("s0")]);
  await run.stop();
  const outcomes = await settled;
  // Each is done or called off; a source that is not there yet cannot go.
  const codes = outcomes.map((one) => (one.status === "rejected" ? codeOf(one.reason) : "done"));
  expect(["done", "CANCELLED", "USAGE"]).toEqual(expect.arrayContaining([...new Set(codes)]));
});

test("calls on something else than a pipeline are refused", async () => {
  const run = await Run.start(options);
  const stranger = Object.create(run.pipeline) as NativePipeline;
  for (const call of [() => stranger.addSource(source("x")), () => stranger.removeSource("x")]) {
    await expect((async () => call())()).rejects.toThrow();
  }
  await run.stop();
  expect(addon.version).not.toBe("");
});
