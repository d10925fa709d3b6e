import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteSlab } from "../../../agent/report/byte-slab.ts";

const sizes = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 40 });

describe("buffers cut out of a slab", () => {
  it("are as long as asked for and have no byte in common", () => {
    fc.assert(
      fc.property(sizes, (lengths) => {
        const slab = new ByteSlab();
        const cut = lengths.map((length, i) => slab.cut(length).fill(i));
        expect(cut.map(({ length }) => length)).toEqual(lengths);
        expect(cut.every((buffer, i) => buffer.every((byte) => byte === i))).toBe(true);
      }),
    );
  });

  it("come of one piece of memory while it lasts, and large ones have their own", () => {
    const slab = new ByteSlab();
    const [first, second] = [slab.cut(4000), slab.cut(4000)];
    expect(second.buffer).toBe(first.buffer);
    expect(slab.cut(70_000).buffer).not.toBe(first.buffer);
  });
});
