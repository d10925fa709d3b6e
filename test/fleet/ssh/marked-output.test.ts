import { describe, expect, test } from "vitest";
import { MarkedOutput } from "../../../fleet/ssh/marked-output.ts";

const MARK = "::mark::";

/** All ways to cut a text in two, and one byte at a time. */
function cuts(text: string): string[][] {
  const pairs = [...text].map((_, at) => [text.slice(0, at), text.slice(at)]);
  return [...pairs, [...text]];
}

function read(parts: readonly string[], bytes = 1_000) {
  const output = new MarkedOutput(MARK, { bytes });
  for (const part of parts) output.push(Buffer.from(part));
  const text = output.text();
  const { hasBegun, hasEnded, chatter, truncated } = output;
  return { text, hasBegun, hasEnded, chatter, truncated };
}

describe("output between marks", () => {
  test("is the same however it comes in pieces", () => {
    const whole = { text: "an ::mar swer:", hasBegun: true, hasEnded: true, chatter: "hi ::m\n" };
    for (const parts of cuts(`hi ::m\n${MARK}an ::mar swer:${MARK}bye`)) {
      expect(read(parts)).toEqual({ ...whole, truncated: false });
    }
  });

  test.each([
    ["", { text: "", hasBegun: false, hasEnded: false, chatter: "" }],
    ["no shell", { text: "", hasBegun: false, hasEnded: false, chatter: "no shell" }],
    [`${MARK}cut ::mar`, { text: "cut ::mar", hasBegun: true, hasEnded: false, chatter: "" }],
    [`${MARK}${MARK}`, { text: "", hasBegun: true, hasEnded: true, chatter: "" }],
  ])("of %j is told from what is missing", (text, expected) => {
    expect(read([text])).toMatchObject(expected);
  });

  test("beyond the room is dropped, and that is said", () => {
    const cut = read([MARK, "12345", "678", MARK], 6);
    expect(cut).toMatchObject({ text: "123456", truncated: true, hasEnded: true });
  });

  test("does not keep endless chatter", () => {
    expect(read(["x".repeat(1 << 20)]).chatter.length).toBeLessThan(4_096);
  });
});
