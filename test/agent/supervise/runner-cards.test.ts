import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CardWatch } from "../../../agent/supervise/runner-cards.ts";
import { type Cards, Cards as CardsSchema } from "../../../fleet/contract/index.ts";

const ROW = (index: number, load = "7", name = "Tesla T4") =>
  `${index}, GPU-${index}, 00000000:0${index + 1}:00.0, ${load}, 3, 0, 511, 15360, 41, 27.50, 70.00, 585, 1590, 5000, 0x0000000000000004, ${name}`;

let folder = "";
let watch: CardWatch | null = null;
const told: Cards[] = [];
const path = process.env.PATH;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-cards-"));
  process.env.PATH = `${folder}:${path}`;
});
afterEach(() => {
  watch?.stop();
  told.length = 0;
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

const PACE = { tellMs: 20, freshMs: 300, firstMs: 1500, nextMs: 600, retryMs: 200 };

/** Puts an nvidia-smi of this text there, and looks at it. Each start is a line of `starts`. */
function watching(script: string | null, pace = {}): void {
  if (script !== null) {
    const file = join(folder, "nvidia-smi");
    const text = `#!/bin/sh\necho "$$ $1" >> ${folder}/starts\n${script}\n`;
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  } else process.env.PATH = folder;
  watch = new CardWatch((cards) => void told.push(CardsSchema.parse(cards)), { ...PACE, ...pace });
  watch.start();
}

const starts = () => readFileSync(join(folder, "starts"), "utf8").trim().split("\n");
const latest = () => told.at(-1);
/** Rows as nvidia-smi writes them, again and again. */
const loop = (...rows: string[]) =>
  `while :; do ${rows.map((row) => `echo '${row}'`).join("; ")}; sleep 0.05; done`;

describe("a watch of a PC's cards", () => {
  it("tells each card's figures from one nvidia-smi, and ends it", async () => {
    watching(loop(ROW(0), ROW(1, "93")));
    await vi.waitFor(() => expect(latest()?.cards).toHaveLength(2));
    expect(latest()).toMatchObject({
      cards: [
        { index: 0, gpuPercent: 7, memoryUsedBytes: 511 * 2 ** 20, clockReasons: ["sw_power_cap"] },
        { index: 1, gpuPercent: 93, decoderPercent: 3, encoderPercent: 0 },
      ],
      trouble: null,
    });
    expect(starts()).toHaveLength(1);
    const pid = Number(starts()[0]?.split(" ")[0]);
    watch?.stop();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow());
  });

  it("asks an older driver by the names that it has, and goes without what it lacks", async () => {
    const refuse = (name: string) =>
      `case "$1" in *${name}*) echo 'Field "${name}" is not a valid field to query.'; exit 2;; esac`;
    const row = ROW(0)
      .split(", ")
      .filter((_, at) => at !== 4 && at !== 5);
    watching(
      ["clocks_event_reasons.active", "utilization.decoder", "utilization.encoder"]
        .map(refuse)
        .concat(loop(row.join(", ")))
        .join("\n"),
      { retryMs: 60_000 },
    );
    await vi.waitFor(() => expect(latest()?.cards).toHaveLength(1));
    expect(latest()?.trouble).toBeNull();
    expect(latest()?.cards[0]).toMatchObject({
      gpuPercent: 7,
      decoderPercent: null,
      encoderPercent: null,
      clockReasons: ["sw_power_cap"],
    });
    expect(starts()).toHaveLength(4);
  });

  const SENTENCES = [
    ["Failed to initialize NVML: Driver/library version mismatch", 18, "version-mismatch"],
    ["NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", 12, "no-library"],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
      9,
      "no-driver",
    ],
    ["No devices were found", 6, "no-cards"],
    ["Failed to initialize NVML: Unknown Error", 255, "no-access"],
    ["Unable to determine the device handle for GPU 0000:09:00.0: Unknown Error", 15, "card-lost"],
  ] as const;
  for (const [says, code, kind] of SENTENCES) {
    for (const stream of [1, 2]) {
      it(`says ${kind} in the driver's words, from stream ${stream}, and asks again`, async () => {
        watching(`echo "${says}" >&${stream}; echo 'and more' >&${stream}; exit ${code}`);
        await vi.waitFor(() => expect(latest()).toEqual({ cards: [], trouble: { kind, says } }));
        await vi.waitFor(() => expect(starts().length).toBeGreaterThan(1));
      });
    }
  }

  it("says that there is no nvidia-smi, and finds one that is installed meanwhile", async () => {
    watching(null);
    await vi.waitFor(() => expect(latest()?.trouble?.kind).toBe("no-tool"));
    process.env.PATH = `${folder}:${path}`;
    writeFileSync(join(folder, "nvidia-smi"), `#!/bin/sh\n${loop(ROW(0))}\n`, { mode: 0o755 });
    await vi.waitFor(() =>
      expect(latest()).toMatchObject({ cards: [{ index: 0 }], trouble: null }),
    );
  });

  it("says what keeps nvidia-smi from being started", async () => {
    writeFileSync(join(folder, "nvidia-smi"), "not for running", { mode: 0o600 });
    watch = new CardWatch((cards) => void told.push(cards), PACE);
    process.env.PATH = folder;
    watch.start();
    await vi.waitFor(() => expect(latest()?.trouble?.kind).toBe("not-started"));
    expect(latest()?.trouble?.says).toContain("EACCES");
  });

  it("tells the cards that answer beside one that is lost, which is asked for again", async () => {
    const lost = "Unable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error";
    watching(`[ -e ${folder}/back ] || echo '${lost}' >&2\n${loop(ROW(0), ROW(2))}`);
    const trouble = { kind: "card-lost", says: lost };
    await vi.waitFor(() =>
      expect(latest()).toMatchObject({ cards: [{ index: 0 }, { index: 2 }], trouble }),
    );
    writeFileSync(join(folder, "back"), "");
    await vi.waitFor(() => expect(latest()).toMatchObject({ trouble: null }), 3000);
  });

  it("says that a card is lost whose row says so, or comes no more", async () => {
    const dead = ROW(1).replace(/ \d+,.*(?=, Tesla)/, Array(12).fill(" [GPU is lost]").join(","));
    watching(loop(ROW(0), dead), { retryMs: 60_000 });
    await vi.waitFor(() =>
      expect(latest()?.trouble).toEqual({
        kind: "card-lost",
        says: "card 1 (Tesla T4 at 00000000:02:00.0): GPU is lost",
      }),
    );
    expect(latest()?.cards[1]).toMatchObject({ gpuPercent: null, memoryUsedBytes: null });
    watch?.stop();
    told.length = 0;
    watching(`echo '${ROW(1)}'; ${loop(ROW(0))}`, { retryMs: 60_000 });
    await vi.waitFor(() =>
      expect(latest()?.trouble?.says).toBe(
        "card 1 (Tesla T4 at 00000000:02:00.0): no longer among the cards",
      ),
    );
    expect(latest()?.cards.map(({ index }) => index)).toEqual([0]);
  });

  it("starts another nvidia-smi where one tells nothing any more", async () => {
    // Reported of loops on some cards: one good row, then only this. A fresh one tells the figures.
    const dumb = ROW(0).replace(/ \d+,.*(?=, Tesla)/, Array(12).fill(" [Unknown Error]").join(","));
    watching(`echo '${ROW(0)}'; sleep 0.05; ${loop(dumb)}`);
    await vi.waitFor(() => expect(latest()?.trouble?.kind).toBe("unreadable"));
    expect(latest()?.cards[0]).toMatchObject({ gpuPercent: null, temperatureCelsius: null });
    await vi.waitFor(() => expect(starts().length).toBeGreaterThan(2));
    expect(told.some(({ cards, trouble }) => cards[0]?.gpuPercent === 7 && !trouble)).toBe(true);
  });

  it("says that nvidia-smi hangs, and never has two of them", async () => {
    watching("exec sleep 1000", { firstMs: 200 });
    await vi.waitFor(() => expect(latest()?.trouble?.kind).toBe("hangs"));
    await vi.waitFor(() => expect(starts().length).toBeGreaterThan(1));
    const alive = starts().filter((start) => {
      try {
        return process.kill(Number(start.split(" ")[0]), 0);
      } catch {
        return false;
      }
    });
    expect(alive.length).toBeLessThanOrEqual(1);
  });

  it("says that rows came no more, and keeps no figure of a moment ago", async () => {
    watching(`echo '${ROW(0)}'; exec sleep 1000`, { retryMs: 60_000 });
    await vi.waitFor(() => expect(latest()?.cards).toHaveLength(1));
    await vi.waitFor(() =>
      expect(latest()).toMatchObject({ cards: [], trouble: { kind: "hangs" } }),
    );
  });

  it("says how it ended, and what cannot be read", async () => {
    watching("echo 'something new' >&2; exit 77");
    await vi.waitFor(() =>
      expect(latest()?.trouble).toEqual({
        kind: "ended",
        says: "nvidia-smi ended with code 77: something new",
      }),
    );
    watch?.stop();
    told.length = 0;
    watching("echo '0, GPU-0, cut'; exec sleep 1000", { firstMs: 200, retryMs: 60_000 });
    await vi.waitFor(() =>
      expect(latest()?.trouble).toEqual({
        kind: "unreadable",
        says: "nvidia-smi says what is no row: 0, GPU-0, cut",
      }),
    );
  });

  it("bears a flood without line's end, rows of many cards, and bytes that are no text", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `echo '${ROW(index)}'`).join("\n");
    watching(
      `head -c 20000000 /dev/zero; head -c 100000 /dev/urandom; echo\n${many}\nexec sleep 1000`,
    );
    await vi.waitFor(() => expect(latest()?.cards).toHaveLength(32), 5000);
  });
});
