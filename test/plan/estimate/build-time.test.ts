import { describe, expect, it } from "vitest";
import { JETSON_BUILDS, secondsPerKernel } from "../../../fleet/plan/calibration/build-times.ts";
import { buildBasis, buildMinutes } from "../../../fleet/plan/estimate/build-time.ts";

describe("the band of build times", () => {
  it("holds four of five published builds that it was not made from", () => {
    const covered = JETSON_BUILDS.filter((left) => {
      const others = JETSON_BUILDS.filter((one) => one !== left);
      const { low, high } = secondsPerKernel(others);
      const each = left.seconds / left.matrixKernels;
      return low <= each && each <= high;
    });
    const share = covered.length / JETSON_BUILDS.length;
    expect(share).toBeGreaterThanOrEqual(0.7);
  });

  it.each(JETSON_BUILDS)("holds $model on $board in minutes", ({ matrixKernels, seconds }) => {
    const { low, high } = buildMinutes(matrixKernels, "tensorrt");
    expect(seconds / 60).toBeGreaterThan(low);
    expect(seconds / 60).toBeLessThan(high);
  });

  it("does not contradict what is said of YOLOs on AGX Orin: 15 to 20 minutes", () => {
    // YOLOv7 has 92 convolutions.
    expect(buildMinutes(92, "tensorrt").high).toBeGreaterThan(20);
  });

  it("grows with the model, and is seconds where TensorRT-RTX builds", () => {
    const [once, twice] = [buildMinutes(100, "tensorrt"), buildMinutes(200, "tensorrt")];
    expect(twice.expected).toBeCloseTo(2 * once.expected, 0);
    const card = buildMinutes(100, "tensorrt-rtx");
    expect(60 * card.high).toBeLessThan(5);
    expect(card.low).toBeLessThan(card.expected);
    expect(card.expected).toBeLessThan(card.high);
  });

  it("says how little it rests on", () => {
    expect(buildBasis("tensorrt")).toContain("5 builds of Jetson Nano, Orin Nano and Orin NX");
    expect(buildBasis("tensorrt-rtx")).toContain(
      "kernels are compiled when the engine first runs, which nobody has measured",
    );
  });
});
