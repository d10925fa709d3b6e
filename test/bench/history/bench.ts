import { mkdtemp, rm, stat } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { FIGURE_STEP_MS } from "../../../fleet/hub/history/figures.ts";
import { History } from "../../../fleet/hub/history/history.ts";
import { chainOf } from "../../fleet/journal/made.ts";
import { pipelineOf, statsOf } from "../../hub/history/made-history.ts";
import type { Bench, BenchResult } from "../bench.ts";

const DEVICES = 100;
const EVENTS_EACH = 50;
const STATS_EACH = 100;
const DAY_MS = 24 * 3600_000;

export const historyBench: Bench = {
  name: "history",
  summary: "events and figures that the hub's history takes for 100 devices, and the room of a day",
  async run(log) {
    const folder = await mkdtemp(path.join(tmpdir(), "jetfleet-bench-history-"));
    try {
      return await measure(folder, log);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measure(folder: string, log: (line: string) => void): Promise<BenchResult> {
  let nowMs = Date.UTC(2026, 0, 1);
  const open = (name: string): Promise<History> =>
    History.open({ folder: path.join(folder, name), log: () => {}, now: () => nowMs });
  log(`${DEVICES} devices, each with one event under way at a time`);
  const events = await open("events");
  const texts = chainOf(Array.from({ length: EVENTS_EACH - 1 }, (_, at) => `The source ${at}`));
  const eventSeconds = await secondsOf(() =>
    Promise.all(names().map((name) => send(events, name))),
  );
  await events.close();
  async function send(history: History, device: string): Promise<void> {
    for (const { text } of texts) await history.takeEvent(device, Buffer.from(text));
  }

  log("their figures, once a second");
  const figures = await open("figures");
  const payload = Buffer.from(JSON.stringify(statsOf(1, [pipelineOf(15, 40)])));
  const statsSeconds = await secondsOf(async () => {
    for (let second = 0; second < STATS_EACH; second += 1) {
      for (const name of names()) figures.takeStats(name, payload);
      nowMs += 1000;
    }
    await figures.close();
  });

  log("a day of one device with one pipeline");
  const day = await open("day");
  for (const endMs = nowMs + DAY_MS; nowMs < endMs; nowMs += FIGURE_STEP_MS) {
    const at = nowMs / FIGURE_STEP_MS;
    const stats = statsOf(at, [pipelineOf(14 + (at % 17) / 10, 40 + (at % 13) / 10)]);
    day.takeStats("door", Buffer.from(JSON.stringify(stats)));
  }
  await day.close();
  const { size } = await stat(path.join(folder, "day", "history.sqlite"));
  const [load = 0] = loadavg();
  return {
    rows: [
      { what: "events", devices: DEVICES, "per second": rate(EVENTS_EACH, eventSeconds) },
      { what: "figures", devices: DEVICES, "per second": rate(STATS_EACH, statsSeconds) },
    ],
    ratios: { "MB of figures of a device with one pipeline and day": size / 1e6 },
    conditions: { cpus: cpus().length, load, node: process.version, disk: tmpdir() },
  };
}

function names(): string[] {
  return Array.from({ length: DEVICES }, (_, at) => `device-${at}`);
}

function rate(each: number, seconds: number): number {
  return Math.round((DEVICES * each) / seconds);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return (performance.now() - beganMs) / 1000;
}
