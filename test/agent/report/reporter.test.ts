import { expect, it, vi } from "vitest";
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
    framesDropped: () => 0,
  });
  ticker.start();
  await expect.poll(() => error.mock.calls.length, { timeout: 10_000 }).toBe(1);
  ticker.stop();
});
