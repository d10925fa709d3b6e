import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spread } from "../../cli/console/lines.ts";
import { fit, pad, printable, widthOf, wrap } from "../../cli/render/columns.ts";
import { table } from "../../cli/render/table.ts";

const FAMILY = "👨‍👩‍👧";
/** e and a combining acute. */
const COMBINED = "ve\u0301lo";

const anyText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc
    .array(fc.constantFrom("人", FAMILY, COMBINED, "🇯🇵", "a", " ", "☂️", "ﷺ"))
    .map((all) => all.join("")),
);

describe("columns", () => {
  it.each<[string, number]>([
    ["person", 6],
    ["人物", 4],
    ["ｶﾒﾗ", 3],
    [COMBINED, 4],
    [FAMILY, 2],
    ["🇯🇵", 2],
    ["🚲 bike", 7],
    ["", 0],
  ])("of %s are %i", (text, columns) => {
    expect(widthOf(text)).toBe(columns);
    expect(widthOf(pad(text, 10))).toBe(10);
    expect(pad(text, 10, "right").endsWith(text)).toBe(true);
  });

  it.each<[string, number, string]>([
    ["人物検出", 5, "人物…"],
    ["人物検出", 4, "人…"],
    ["人物検出", 8, "人物検出"],
    [`${COMBINED}s here`, 5, `${COMBINED}…`],
    [`${FAMILY}${FAMILY}${FAMILY}`, 5, `${FAMILY}${FAMILY}…`],
    ["ab", 1, "…"],
    ["ab", 0, ""],
  ])("cut %s to %i without cutting a character", (text, width, expected) => {
    expect(fit(text, width)).toBe(expected);
  });

  it("never take more than they may, whatever the text", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), (text, width) => {
        expect(widthOf(fit(text, width))).toBeLessThanOrEqual(width);
        for (const line of wrap(text, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(widthOf(spread(text, "right", width + 50))).toBeLessThanOrEqual(width + 50);
      }),
    );
  });

  it("lose no word by wrapping", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("人物", "a", COMBINED, "longer")), (words) => {
        const wrapped = wrap(words.join("  "), 8).join("").replaceAll(" ", "");
        expect(wrapped.normalize("NFC")).toBe(words.join("").normalize("NFC"));
      }),
    );
  });

  it("obey nothing that a device or a model says", () => {
    const hostile = "\u001b[2Jgone\u0007\r\nnext\u202etxet\u2028line";
    expect(printable(hostile)).toBe(" [2Jgone next txet line");
    expect(fit(hostile, 80)).not.toMatch(/\p{Cc}/u);
    expect(wrap(hostile, 10).join("")).not.toMatch(/\p{Cc}|\u202e/u);
  });
});

describe("a table of labels in any script", () => {
  it("stays aligned", () => {
    const rows = [
      ["person", "1"],
      ["人物", "12"],
      [COMBINED, "3"],
      [`${FAMILY} family`, "4"],
    ];
    const lines = table([{ title: "LABEL" }, { title: "N", align: "right" }], rows, 40);
    expect(lines.map(widthOf)).toEqual([13, 13, 13, 13, 13]);
    expect(lines[2]).toBe("人物       12");
  });

  it("gives way without cutting a wide character in two", () => {
    const columns = [{ title: "LABEL", shrinksTo: 5 }, { title: "N" }];
    const [, row = ""] = table(columns, [["人物検出モデル", "1"]], 10);
    expect(widthOf(row)).toBeLessThanOrEqual(10);
    expect(row).toBe("人物検…  1");
  });
});
