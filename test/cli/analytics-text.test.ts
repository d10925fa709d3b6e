import { expect, test } from "vitest";
import { analyticsLines } from "../../cli/render/analytics-text.ts";

test("lines and zones have a line each, and a pipeline without them none", () => {
  expect(analyticsLines({})).toEqual([]);
  const zone = { name: "hall", occupancy: 2, entered: 1205, left: 0, meanDwellMs: null };
  expect(
    analyticsLines({
      analytics: {
        lines: [{ name: "door", in: 3, out: 0 }],
        zones: [zone, { ...zone, name: "yard", left: 1, meanDwellMs: 4250 }],
      },
    }),
  ).toEqual([
    "  line door: 3 in, 0 out",
    "  zone hall: 2 now, 1,205 entered",
    "  zone yard: 2 now, 1,205 entered, 4.3 s on average",
  ]);
});
