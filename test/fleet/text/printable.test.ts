import { describe, expect, it } from "vitest";
import { describeError, FleetError } from "../../../fleet/errors/index.ts";
import { printable } from "../../../fleet/text/index.ts";

describe("a text that is printed", () => {
  it.each([
    ["plain äß€ 🚲\ttext\n", "plain äß€ 🚲\ttext\n"],
    ["\u001b[2J\u001b]52;c;aGk=\u0007", "\ufffd[2J\ufffd]52;c;aGk=\ufffd"],
    ["\u009b2J", "\ufffd2J"],
    ["a\u202egpj.exe", "a\ufffdgpj.exe"],
    ["\u2066a\u2069\u061c\u200f", "\ufffda\ufffd\ufffd\ufffd"],
    ["one\r\ntwo\rthree", "one\ntwo\ufffdthree"],
    ["\0\x7f", "\ufffd\ufffd"],
  ])("%j is shown as %j", (given, shown) => {
    expect(printable(given)).toBe(shown);
  });

  it("is what a FleetError holds, with all that is below it", () => {
    const cause = new Error("\u001b[2J rtsp://u:secret@cam/s");
    const context = { uri: "rtsp://u:sec#ret@cam/s", count: 1 };
    const error = new FleetError("INTERNAL", "got \u001b[31m from rtsp://u:secret@cam/s", {
      hint: "see rtsp://cam/user=a_password=secret\u202e",
      cause,
      context,
    });
    expect(error).toMatchObject({
      message: "got \ufffd[31m from rtsp://***@cam/s",
      hint: "see rtsp://cam/user=***",
      context: { uri: "rtsp://***", count: 1 },
    });
    expect(describeError(error)).not.toMatch(/secret|\u001b/);
  });
});
