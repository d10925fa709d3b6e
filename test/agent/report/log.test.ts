import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog } from "../../../agent/report/log.ts";
import { toReportedError } from "../../../agent/report/reported-error.ts";
import { FleetError } from "../../../fleet/errors/index.ts";

function logLines(act: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  act(createLog({ level: "info", secrets: ["s3cret"], write: (line) => void lines.push(line) }));
  return lines;
}

describe("the log", () => {
  it("writes one line per entry, with fields", () => {
    const lines = logLines((log) => log.info("started", { pipeline: "door", reason: "a b", n: 2 }));
    expect(lines).toEqual(['info  started pipeline=door reason="a b" n=2']);
  });

  it("keeps an error with its causes and hint on one line", () => {
    const error = new FleetError("INTERNAL", "broken", { cause: new Error("deep") });
    const [line, ...rest] = logLines((log) => log.error("it failed", error));
    expect(line).toMatch(/^error it failed: INTERNAL: broken \| caused by: deep \| next: /);
    expect(rest).toEqual([]);
  });

  it("leaves out what is below its level", () => {
    expect(logLines((log) => log.debug("detail"))).toEqual([]);
  });

  it("never writes the device's password", () => {
    const lines = logLines((log) => log.warn("refused s3cret", { why: "xs3crety" }));
    expect(lines.join("\n")).not.toContain("s3cret");
  });

  it("never writes the password of a source, nor what acts on a terminal", () => {
    const lines = logLines((log) =>
      log.warn("lost rtsp://u:pa55@cam/s", { why: "\u001b]52;c;AAAA\u0007 rtsp://c/x?pw=pa55" }),
    );
    expect(lines).toEqual([
      'warn  lost rtsp://***@cam/s why="\\u001b]52;c;AAAA\\u0007 rtsp://c/x?***"',
    ]);
  });

  it("shows no password of any URI in any error that leaves the device", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9!$%^&*()_+=;:,.@#/?'-]{4,20}$/);
    fc.assert(
      fc.property(word, fc.string(), (password, text) => {
        const message = `${text} rtsp://user:Q${password}Q@camera/stream`;
        const reported = toReportedError(new Error(message), "testing");
        expect(reported.message).not.toContain(`Q${password}Q`);
      }),
    );
  });

  it("bounds an error that leaves the device", () => {
    const reported = toReportedError(new Error("x".repeat(5000)), "testing");
    expect(reported.message).toHaveLength(2000);
  });
});
