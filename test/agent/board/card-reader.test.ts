import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CardReader } from "../../../agent/board/card-reader.ts";
import { BoardSampler } from "../../../agent/board/sampler.ts";
import { forkRunner, type LaunchRunner } from "../../../agent/supervise/runner-child.ts";
import { BoardStats, type Cards, type CardTrouble } from "../../../fleet/contract/index.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-card-reader-"));
const bundle = join(folder, "agent.cjs");
const ROW =
  "INDEX, GPU-1, 00000000:01:00.0, 55, 3, 0, 511, 15360, 84, 27.50, 70.00, 585, 1590, 5000, 0x4, Tesla T4";

beforeAll(() => {
  const build = resolve(import.meta.dirname, "../../../agent/build.mjs");
  execFileSync(process.execPath, [build, bundle]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function install(text: string): LaunchRunner {
  writeFileSync(join(folder, "nvidia-smi"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return forkRunner(bundle, { PATH: `${folder}:${process.env.PATH}` });
}

const rows = (...indices: number[]) =>
  `while :; do ${indices.map((at) => `echo '${ROW.replace("INDEX", String(at))}'`).join("; ")}; sleep 0.2; done`;

describe("the cards of a PC", () => {
  it("are asked by a runner, and are figures of the board like others", async () => {
    const told: (CardTrouble | null)[] = [];
    const cards = new CardReader(install(rows(0, 1)), (trouble) => void told.push(trouble));
    const readFigures = () =>
      Promise.resolve({ gpuPercent: null, temperaturesCelsius: { CPU: 50 }, powerMilliwatts: {} });
    const sampler = new BoardSampler(folder, { readFigures, cards });
    expect(await sampler.sample()).not.toHaveProperty("cards");
    sampler.start();
    try {
      await vi.waitFor(() => expect(cards.latest()?.cards).toHaveLength(2), 10_000);
      const sample = await sampler.sample();
      expect(BoardStats.parse(sample)).toEqual(sample);
      expect(sample).toMatchObject({
        gpuPercent: 55,
        temperaturesCelsius: { CPU: 50, GPU0: 84, GPU1: 84 },
        powerMilliwatts: { GPU0: 27_500, GPU1: 27_500 },
        cards: { cards: [{ index: 0, name: "Tesla T4" }, { index: 1 }], trouble: null },
      });
      // Builds of engines wait for a hot card as for a hot board.
      expect((await sampler.conditions()).hottestCelsius).toBe(84);
      expect(told).toEqual([]);
    } finally {
      sampler.stop();
    }
  });

  it("tell a trouble once, and that it is over", async () => {
    const told: (CardTrouble | null)[] = [];
    const launch = install(
      `echo 'Unable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error' >&2; ${rows(0)}`,
    );
    const cards = new CardReader(launch, (trouble) => void told.push(trouble), 50);
    cards.start();
    await vi.waitFor(
      () => expect(cards.latest()?.trouble).toMatchObject({ kind: "card-lost" }),
      10_000,
    );
    await vi.waitFor(() => expect(told).toHaveLength(1));
    cards.stop();
  });

  it("are not known, and say so, where the runner's process cannot be or ends", async () => {
    const told: (CardTrouble | null)[] = [];
    const answer: Cards = { cards: [], trouble: null };
    let starts = 0;
    const launch: LaunchRunner = (_, listener) => {
      starts += 1;
      if (starts === 1) throw new Error("no memory");
      const child = { pid: 1, limitMemory() {}, freeze() {}, kill() {} };
      const send = () => {
        if (starts === 2) {
          const end = { code: null, signal: "SIGKILL", lastLine: "", overMemoryBytes: null };
          return listener.onEnd({ ...end, notStarted: null });
        }
        listener.onAnswer({ type: "cards", cards: { ...answer, cards: "nonsense" } });
        listener.onAnswer({ type: "cards", cards: answer });
      };
      return { ...child, send };
    };
    const cards = new CardReader(launch, (trouble) => void told.push(trouble), 20);
    cards.start();
    expect(cards.latest()?.trouble).toEqual({ kind: "not-started", says: "no memory" });
    await vi.waitFor(() => expect(cards.latest()).toEqual(answer));
    expect(starts).toBe(3);
    expect(told.map((one) => one?.kind ?? null)).toEqual(["not-started", null]);
    cards.stop();
  });
});
