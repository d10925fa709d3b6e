import { describe, expect, it } from "vitest";
import { type Conditions, obstacleTo } from "../../../agent/engine/obstacle.ts";

const HEAT = { coolCelsius: 75, hotCelsius: 85 };
const MODEL = 100e6;
const WORK = { modelBytes: MODEL, builder: "processor" } as const;
const GOOD: Conditions = { freeDiskBytes: 1e9, freeMemoryBytes: 1e9, hottestCelsius: 40 };
const NOTHING_KNOWN: Conditions = {
  ...{ freeDiskBytes: null, freeMemoryBytes: null, hottestCelsius: null },
};

describe("what a build waits for", () => {
  const cases: [string, "begin" | "under-way" | "standing", Partial<Conditions>, string | null][] =
    [
      ["nothing on a good board", "begin", {}, null],
      [
        "disk for the model four times, and the reserve",
        "begin",
        { freeDiskBytes: 420e6 },
        "BOARD_DISK_FULL",
      ],
      ["no more disk than the reserve once it goes", "under-way", { freeDiskBytes: 40e6 }, null],
      ["the disk's reserve", "under-way", { freeDiskBytes: 30e6 }, "BOARD_DISK_FULL"],
      ["memory for graph and builder", "begin", { freeMemoryBytes: 500e6 }, "BOARD_MEMORY_LOW"],
      ["no more memory once it has its own", "under-way", { freeMemoryBytes: 100e6 }, null],
      ["the last memory of the board", "under-way", { freeMemoryBytes: 60e6 }, "BOARD_MEMORY_LOW"],
      ["a cool board to begin", "begin", { hottestCelsius: 75 }, "BOARD_HOT"],
      ["nothing on a warm board once it goes", "under-way", { hottestCelsius: 84.5 }, null],
      ["a hot board", "under-way", { hottestCelsius: 85 }, "BOARD_HOT"],
      ["a cool board to go on", "standing", { hottestCelsius: 76 }, "BOARD_HOT"],
      ["nothing once it is cool", "standing", { hottestCelsius: 74 }, null],
      ["nothing that nobody can know", "begin", NOTHING_KNOWN, null],
    ];
  it.each(cases)("is %s", (_, stage, change, code) => {
    const obstacle = obstacleTo(WORK, stage, { ...GOOD, ...change }, HEAT);
    expect(obstacle?.code ?? null).toBe(code);
  });

  it("is memory for CUDA and its libraries, too, where TensorRT builds, and no more of it once that goes", () => {
    const work = { modelBytes: MODEL, builder: "silicon" } as const;
    const [least, enough] = [1700e6, 1800e6].map((freeMemoryBytes) => ({
      ...GOOD,
      freeMemoryBytes,
    }));
    expect(obstacleTo(WORK, "begin", least ?? GOOD, HEAT)).toBeNull();
    expect(obstacleTo(work, "begin", least ?? GOOD, HEAT)).toMatchObject({
      code: "BOARD_MEMORY_LOW",
      message: expect.stringMatching(/Expected 1784\.1 MB of free memory but 1700\.0 MB/),
    });
    expect(obstacleTo(work, "begin", enough ?? GOOD, HEAT)).toBeNull();
    expect(obstacleTo(work, "under-way", { ...GOOD, freeMemoryBytes: 100e6 }, HEAT)).toBeNull();
  });

  it("is told with what is needed and what there is", () => {
    const obstacle = obstacleTo(WORK, "begin", { ...GOOD, freeMemoryBytes: 5e6 }, HEAT);
    expect(obstacle?.message).toMatch(/Expected 601\.3 MB of free memory but 5\.0 MB are free/);
    expect(obstacle?.retryable).toBe(true);
  });
});
