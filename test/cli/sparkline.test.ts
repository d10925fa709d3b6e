import { describe, expect, it } from "vitest";
import { sparkline } from "../../cli/render/sparkline.ts";

describe("a sparkline", () => {
  it.each<[string, (number | null)[], number, string | null]>([
    ["goes from nothing to the greatest", [0, 1, 2, 3, 4, 5, 6, 7], 20, "▁▂▃▄▅▆▇█"],
    ["tells a hole from a zero", [7, null, 0, 7], 20, "█·▁█"],
    ["shows the newest where there is no room for all", [1, 2, 3, 8], 2, "▄█"],
    ["is flat where all is the same", [5, 5, 5], 20, "███"],
    ["is on the ground where all is nothing", [0, 0], 20, "▁▁"],
    ["is not there without figures", [null, null], 20, null],
    ["is not there without a past", [], 20, null],
  ])("%s", (_, values, width, text) => {
    expect(sparkline(values, width)?.text ?? null).toBe(text);
  });

  it("says between what it moves", () => {
    expect(sparkline([3, null, 9.5], 20)).toMatchObject({ least: 3, most: 9.5 });
  });
});
