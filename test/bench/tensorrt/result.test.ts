import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answerOf, parseRun, type Run, resultOf } from "./result.ts";

const folder = join(import.meta.dirname, "../results");
const kept = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [file, parseRun(readFileSync(join(folder, file), "utf8"))]),
);

/** A figure of a step, where it is a number. */
function figure(run: Run, step: string, name: string): number {
  const value = answerOf(run, step)[name];
  if (typeof value !== "number") throw new Error(`Expected a number for ${step} ${name}`);
  return value;
}

describe.each([...kept])("the run kept as %s", (file, run) => {
  it("says on what, with which version and when", () => {
    const { conditions } = resultOf(run, file);
    expect(file).toContain(String(conditions["vendorVersion"]));
    expect(conditions).toMatchObject({
      device: expect.stringMatching(/^NVIDIA /),
      driver: expect.stringMatching(/^[\d.]+$/),
      date: expect.stringMatching(/^2\d{3}-/),
    });
  });

  it("holds the pipeline to 0.95 of a bare loop at batch 8", () => {
    expect(resultOf(run, file).ratios["pipelineOverBareAtBatch8"]).toBeGreaterThanOrEqual(0.95);
  });

  it("prepares as the processor does, loses no frame and leaves no memory behind", () => {
    expect(figure(run, "prepare", "worstDifferenceOf255ths")).toBeLessThanOrEqual(1);
    expect(answerOf(run, "contexts")["everyFrameOnceAndInOrder"]).toBe("yes");
    expect(figure(run, "contexts", "leastOverMost")).toBeGreaterThan(0.9);
    expect(figure(run, "swap", "lost")).toBe(0);
    expect(figure(run, "cycles", "growthBytes")).toBe(0);
    const summaries = run.steps.filter(({ step }) => step === "sanitizer");
    expect(summaries.map(({ result }) => Object.values(result)).flat()).toHaveLength(2);
    expect(JSON.stringify(summaries)).toMatch(/^((?!ERROR SUMMARY: [1-9]).)*$/);
  });

  it("holds INT8 of our model to a point of mAP of FP32, on 2,000 frames", () => {
    const engines = answerOf(run, "map")["engines"] as Record<string, number>[];
    expect(engines.map(({ frames }) => frames)).toEqual([2000, 2000, 2000]);
    expect(engines[2]?.["differenceLow"]).toBeGreaterThan(-0.01);
    expect(engines[2]?.["differenceHigh"]).toBeLessThan(0.01);
  });
});

/** Older runs fed FastestDet samples from 0 to 255 and compared its raw outputs. */
const today = [...kept].filter(([, run]) =>
  run.steps.some(({ step, result }) => step === "agree fastestdet fp16" && "leastIou" in result),
);

describe.each(today)("the run kept as %s", (_, run) => {
  it.each(["street", "yolox_nano", "fastestdet"])("finds the boxes of %s in FP16", (model) => {
    const [step] = run.steps
      .map((one) => one.step)
      .filter((one) => one.startsWith(`agree ${model} fp16`))
      .toReversed();
    const name = step ?? "";
    expect(figure(run, name, "boxesWithoutLike")).toBe(0);
    expect(figure(run, name, "leastIou")).toBeGreaterThanOrEqual(0.99);
    expect(figure(run, name, "mostScoreDifference")).toBeLessThanOrEqual(0.01);
  });

  it("counts at the driver the bytes that the backend counts", () => {
    const { toDeviceBytes, toHostBytes } = answerOf(run, "transfers");
    expect(answerOf(run, "transfers counted at the driver")).toEqual({
      toDeviceBytes,
      toHostBytes,
    });
  });

  it("refuses a build without memory while the pipeline runs on", () => {
    const { left16Mb, pipeline } = answerOf(run, "memory again");
    expect(left16Mb).toMatchObject({ build: { code: 6 } });
    expect(pipeline).toMatchObject({ otherwiseThanAtFirst: 0, outOfOrder: 0, failed: "no" });
  });
});

it("there are runs of both generations of today", () => {
  expect(today.map(([file]) => file.split("-")[1]).sort()).toEqual(["10.6.0", "8.6.1"]);
});

it("refuses what is no run", () => {
  expect(() => parseRun('{"name":"tensorrt","steps":[]}')).toThrow(/driver/);
});
