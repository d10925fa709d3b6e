import { expect, it, onTestFinished, vi } from "vitest";
import { Reporter } from "../../../agent/report/reporter.ts";
import { StatsTicker } from "../../../agent/report/stats-ticker.ts";

const link = { connected: true, publish: () => Promise.resolve(true) } as never;
const broken = (): never => {
  throw new Error("broken inside");
};

it("a report that cannot be made is logged and ends nothing", async () => {
  const error = vi.fn();
  const log = { error } as never;
  const reporter = new Reporter({ link, log, journal: {} as never, reported: broken });
  reporter.changed();
  await expect.poll(() => error.mock.calls.length).toBe(1);
  reporter.changed();
  await expect.poll(() => error.mock.calls.length).toBe(2);
});

it("statistics that cannot be made are logged and end nothing", async () => {
  const error = vi.fn();
  const ticker = new StatsTicker({
    link,
    log: { error } as never,
    sampler: { sample: broken } as never,
    supervisor: {} as never,
    eventsDropped: () => 0,
    framesDropped: () => 0,
    onSecond: () => {},
  });
  ticker.start();
  await expect.poll(() => error.mock.calls.length, { timeout: 10_000 }).toBe(1);
  ticker.stop();
});

it("an event over which the hub ends the session again and again is not sent at each connection", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const sent = vi.fn(() => Promise.resolve(false));
  const log = { info: () => {}, error: () => {} } as never;
  const refusing = { connected: true, publish: () => Promise.resolve(true), publishRaw: sent };
  const journal = { first: () => Promise.resolve({ seq: 1, text: "{}" }) };
  const reporter = new Reporter({
    ...{ link: refusing as never, journal: journal as never, log },
    reported: () => ({}) as never,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (let connection = 0; connection < 10; connection += 1) {
    reporter.connected();
    await settle();
  }
  expect(sent).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(60_000);
  await settle();
  expect(sent).toHaveBeenCalledTimes(3);
});
