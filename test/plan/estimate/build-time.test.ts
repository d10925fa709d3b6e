import { describe, expect, it } from "vitest";
import {
  CARD_BUILDS,
  JETSON_BUILDS,
  secondsPerKernel,
} from "../../../fleet/plan/calibration/build-times.ts";
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
    const { low, high } = buildMinutes(matrixKernels, true);
    expect(seconds / 60).toBeGreaterThan(low);
    expect(seconds / 60).toBeLessThan(high);
  });

  it("does not contradict what is said of YOLOs on AGX Orin: 15 to 20 minutes", () => {
    // YOLOv7 has 92 convolutions.
    expect(buildMinutes(92, true).high).toBeGreaterThan(20);
  });

  it("grows with the model, and is another on a card", () => {
    expect(buildMinutes(200, true).expected).toBeCloseTo(2 * buildMinutes(100, true).expected, 0);
    expect(buildMinutes(70, false).expected).toBeLessThan(buildMinutes(70, true).low);
    for (const { seconds } of CARD_BUILDS) {
      expect(seconds / 60).toBeLessThan(buildMinutes(70, false).high);
    }
  });

  it("says how little it rests on", () => {
    expect(buildBasis(true)).toContain("5 builds of Jetson Nano, Orin Nano and Orin NX");
    expect(buildBasis(false)).toContain("3 builds of one model on an H100");
  });
});
