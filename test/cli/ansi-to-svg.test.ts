import { describe, expect, it } from "vitest";
import { ansiToSvg } from "../../cli/console/ansi-to-svg.ts";

describe("a picture of a terminal", () => {
  it("places each run of characters at its column and row, and escapes what XML reserves", () => {
    const svg = ansiToSvg("ab\u001b[1mc<d\u001b[22m\n  e\n", 10);
    expect(svg).toContain('width="108" height="60"');
    expect(svg).toMatch(/<text x="12" y="25.5" textLength="16.8"[^>]*>ab<\/text>/);
    expect(svg).toMatch(/<text x="28.8" [^>]*font-weight="bold">c&lt;d<\/text>/);
    expect(svg).toMatch(/<text x="12" y="43.5"[^>]*> {2}e<\/text>/);
  });

  it("carries a look on to the next row until it ends", () => {
    const svg = ansiToSvg("\u001b[31mbad\nworse\u001b[0m\nfine\n", 10);
    expect(svg.match(/fill="#f47067"/g)).toHaveLength(2);
    expect(svg).toMatch(/<text [^>]*"preserve">fine/);
  });

  it("paints the back of inverse text", () => {
    expect(ansiToSvg("\u001b[7m> x\u001b[27m", 10)).toMatch(
      /<rect [^>]*width="25.2"[^>]*fill="#d7dde4"/,
    );
  });
});
