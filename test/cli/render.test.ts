import { describe, expect, it } from "vitest";
import { NO_PALETTE, paletteFor } from "../../cli/render/colour.ts";
import { formatAge, formatBytes, formatMs, shortDigest } from "../../cli/render/format.ts";
import { table } from "../../cli/render/table.ts";

describe("formatters", () => {
  it.each<[number | null, string]>([
    [null, "-"],
    [0, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [7_200_000, "2 h"],
    [172_800_000, "2 d"],
  ])("age of %s ms is %s", (ms, text) => expect(formatAge(ms)).toBe(text));

  it.each<[number | null, string]>([
    [null, "-"],
    [0.25, "0.3 ms"],
    [31.2, "31 ms"],
    [12_345, "12.3 s"],
  ])("%s ms is %s", (ms, text) => expect(formatMs(ms)).toBe(text));

  it.each<[number | null, string]>([
    [null, "-"],
    [999, "999 B"],
    [1536, "1.5 KiB"],
    [8 * 2 ** 30, "8.0 GiB"],
  ])("%s bytes is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("shortens digests to eight digits", () => {
    expect(shortDigest(`sha256:${"ab".repeat(32)}`)).toBe("abababab");
  });
});

describe("table", () => {
  const columns = [
    { title: "NAME", shrinksTo: 6 },
    { title: "N", align: "right" as const },
  ];

  it("aligns columns under their titles", () => {
    expect(
      table(
        columns,
        [
          ["a", "1"],
          ["bcd", "20"],
        ],
        80,
      ),
    ).toEqual(["NAME   N", "a      1", "bcd   20"]);
  });

  it("lets shrinkable columns give way, with an ellipsis", () => {
    expect(table(columns, [["a-very-long-name", "1"]], 12)).toEqual([
      "NAME       N",
      "a-very-l…  1",
    ]);
  });
});

describe("colour", () => {
  it("goes to terminals only, and NO_COLOR wins", () => {
    expect(paletteFor({ isTTY: true }, {})).not.toBe(NO_PALETTE);
    expect(paletteFor({ isTTY: false }, {})).toBe(NO_PALETTE);
    expect(paletteFor({ isTTY: true }, { NO_COLOR: "1", FORCE_COLOR: "1" })).toBe(NO_PALETTE);
    expect(paletteFor({}, { FORCE_COLOR: "1" })).not.toBe(NO_PALETTE);
  });
});
