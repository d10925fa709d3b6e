import { inspect } from "node:util";
import { afterAll, expect, test } from "vitest";
import { Fixture, model, Run } from "./addon.ts";

const fixture = new Fixture({ seconds: 4 });
afterAll(() => fixture.dispose());

const looped = fixture.options({
  sources: [{ ...fixture.source, loop: true, realtime: false }],
  model: model(fixture.model, { id: "one" }),
});

/** Which of the last frames the model looked at. */
const looks = (run: Run) => run.frames.slice(-24).map(({ skipped }) => skipped === undefined);

/** Waits until it looks at every so many-th frame. */
async function untilEvery(run: Run, interval: number): Promise<void> {
  const before = run.frames.length;
  await run.until((now) => {
    const seen = looks(now);
    const first = seen.indexOf(true);
    const isEvery = seen.every((look, at) => look === ((at - first) % interval === 0));
    return now.frames.length > before + 24 && isEvery && first >= 0;
  });
}

test("setDetectInterval changes how often the model looks, at once, in order, and through a swap", async () => {
  const run = await Run.start(looped);
  for (const interval of [5, 2, 1]) {
    // The last of several calls counts.
    for (const other of [100, 7, interval]) run.pipeline.setDetectInterval(other);
    await untilEvery(run, interval);
  }
  const swap = run.pipeline.swapModel(model(fixture.model, { id: "two" }));
  run.pipeline.setDetectInterval(4);
  await swap;
  await untilEvery(run, 4);
  await run.until(({ stats }) => stats.at(-1)?.source.detect?.interval === 4);
  await run.stop();
});

test("setAdmission leaves a file whole", async () => {
  const run = await Run.start(looped);
  run.pipeline.setAdmission(100);
  const before = run.frames.length;
  const told = run.stats.length;
  await run.until(({ frames, stats }) => frames.length > before + 100 && stats.length > told);
  await run.stop();
  expect(run.frames.map(({ index }) => index)).toEqual(run.frames.map((_, index) => index));
  expect(run.stats.at(-1)?.drops).toEqual([]);
});

test("a pace that cannot be is refused, and the pipeline goes on", async () => {
  const run = await Run.start({ ...looped, track: null });
  const { pipeline } = run;
  const odd = [undefined, null, 0, -1, 1.5, 101, 1e308, Number.NaN, "2", 2n, [2], {}, Symbol("s")];
  for (const one of odd) {
    const title = inspect(one);
    expect(() => pipeline.setDetectInterval(one as never), title).toThrow(TypeError);
    expect(() => pipeline.setAdmission(one as never), title).toThrow(/from 1 to 100/);
  }
  expect(() => pipeline.setDetectInterval(2)).toThrow(
    expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringContaining("track") }),
  );
  pipeline.setDetectInterval(1);
  pipeline.setAdmission(100);
  const before = run.frames.length;
  await run.until(({ frames }) => frames.length > before + 10);
  const stopped = run.stop();
  const cancelled = expect.objectContaining({ code: "CANCELLED" });
  await stopped;
  expect(() => pipeline.setDetectInterval(1)).toThrow(cancelled);
  expect(() => pipeline.setAdmission(1)).toThrow(cancelled);
  const { setDetectInterval } = pipeline;
  expect(() => setDetectInterval(1)).toThrow();
});

test("a pace may be set while the pipeline stops", async () => {
  const run = await Run.start(looped);
  const stopped = run.stop();
  for (let call = 0; call < 100; call += 1) {
    try {
      run.pipeline.setDetectInterval((call % 8) + 1);
    } catch (error) {
      expect(error).toMatchObject({ code: "CANCELLED" });
    }
  }
  await stopped;
});
