import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DlaContext, judge } from "../../../fleet/plan/dla/index.ts";
import type { Layer } from "../../../fleet/plan/layers/index.ts";
import { layer, pool, window } from "../support/layers.ts";

const XAVIER: DlaContext = { trt: 805, precision: "fp16", generation: 1 };

/** Largest of every window along one axis; what lies outside is never the largest. */
function slide(values: readonly number[], size: number, pad: number): number[] {
  const count = values.length + 2 * pad - size + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) =>
    Math.max(...values.slice(Math.max(0, at - pad), Math.max(0, at - pad + size))),
  );
}

/** The poolings that a remedy names, as size and padding. */
function poolings(remedy: string | null): [size: number, pad: number][] {
  return [...(remedy ?? "").matchAll(/(\d+)×\1(?: \(padding (\d+)\))?/g)].map(([, size, pad]) => [
    Number(size),
    Number(pad ?? 0),
  ]);
}

describe("smaller max poolings in a row", () => {
  const sizes = [9, 11, 13, 15, 17, 19, 31];

  it.each(sizes)("give what one of %i gives, with and without padding", (size) => {
    for (const pad of [0, (size - 1) / 2].filter((one) => one <= 15)) {
      const parts = poolings(judge(pool(size, 1, pad), XAVIER)?.remedy ?? null);
      expect(parts.length).toBeGreaterThan(1);
      fc.assert(
        fc.property(fc.array(fc.integer(), { minLength: size, maxLength: 40 }), (values) => {
          const inARow = parts.reduce<number[]>(
            (rest, [one, own]) => slide(rest, one, own),
            values,
          );
          expect(inARow).toEqual(slide(values, size, pad));
        }),
      );
      for (const [one, own] of parts) expect(judge(pool(one, 1, own), XAVIER)).toBeNull();
    }
  });

  it("are not offered where they would not give the same", () => {
    const remedy = (one: Layer): string | null => judge(one, XAVIER)?.remedy ?? null;
    expect(remedy(pool(9, 2, 4))).toBeNull();
    expect(remedy(pool(9, 1, 1))).toBeNull();
    expect(remedy(pool(10, 1, 0))).toBeNull();
    expect(remedy(pool(9, 1, 4, { poolType: "average" }))).toBeNull();
    expect(remedy(pool(9, 1, 4, { window: window(9, 1, 4, 2) }))).toBeNull();
    expect(remedy(pool(9, 1, 4, { window: { ...window(9, 1, 4), after: [3, 3] } }))).toBeNull();
  });
});

describe("a pooling in place of a global one", () => {
  it("passes the rules itself, and ends at 8×8", () => {
    for (const [height, width] of [
      [1, 1],
      [7, 7],
      [8, 3],
      [8, 8],
    ] as const) {
      const dims = [1, 512, height, width];
      const found = judge(
        layer({ kind: "reduce", op: "GlobalAveragePool", inputs: [{ name: "x", dims }] }),
        XAVIER,
      );
      expect(found?.remedy).toContain(`AveragePool with a kernel of ${height}×${width}`);
      const instead = pool(1, 1, 0, {
        poolType: "average",
        window: { ...window(1), kernel: [height, width] },
      });
      expect(judge(instead, XAVIER)).toBeNull();
    }
    const dims = [1, 512, 8, 9];
    const wide = layer({ kind: "reduce", op: "GlobalAveragePool", inputs: [{ name: "x", dims }] });
    expect(judge(wide, XAVIER)?.remedy).toBeNull();
  });
});

describe("a deconvolution in place of a resize, before TensorRT 8.2", () => {
  const resize = (coordinates: string, rounding: string, scale: number, trt = 800): string | null =>
    judge(
      layer({
        kind: "resize",
        op: "Resize",
        resize: {
          mode: "nearest",
          coordinates,
          rounding,
          scales: [1, 1, scale, scale],
          bySizes: false,
        },
      }),
      { ...XAVIER, trt },
    )?.remedy ?? null;

  /** Source of an output pixel, by the formulas of the ONNX standard. */
  const source = (at: number, scale: number, coordinates: string, rounding: string): number => {
    const place = coordinates === "asymmetric" ? at / scale : (at + 0.5) / scale - 0.5;
    const down = Math.ceil(place - 0.5);
    return Math.max(
      0,
      rounding === "floor"
        ? Math.floor(place)
        : rounding === "round_prefer_floor"
          ? down
          : Math.floor(place + 0.5),
    );
  };

  it.each([
    ["asymmetric", "floor", 2],
    ["asymmetric", "floor", 3],
    ["half_pixel", "round_prefer_floor", 2],
    ["half_pixel", "round_prefer_ceil", 3],
    ["half_pixel", "round_prefer_floor", 4],
  ])(
    "is offered for %s %s by %i, where every pixel is repeated",
    (coordinates, rounding, scale) => {
      expect(resize(coordinates, rounding, scale)).toContain(`kernel and stride ${scale}×${scale}`);
      for (let at = 0; at < 8 * scale; at++)
        expect(source(at, scale, coordinates, rounding)).toBe(Math.floor(at / scale));
    },
  );

  it("is not offered where pixels would move, or the stride is out of range", () => {
    expect(resize("asymmetric", "round_prefer_floor", 2)).toBeNull();
    expect(resize("half_pixel", "floor", 2)).toBeNull();
    expect(resize("align_corners", "round_prefer_floor", 2)).toBeNull();
    expect(resize("asymmetric", "floor", 1.5)).toBeNull();
    expect(resize("asymmetric", "floor", 16, 600)).toBeNull();
    expect(resize("asymmetric", "floor", 16, 701)).not.toBeNull();
  });
});
