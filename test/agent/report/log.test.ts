import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog, redact } from "../../../agent/report/log.ts";
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

  it.each([
    ["rtsp://user:pa55@10.0.0.1/s", "rtsp://***@10.0.0.1/s"],
    ["cannot open rtsp://user:pa55@cam/s.", "cannot open rtsp://***@cam/s."],
    ["rtsp://user:p@55@cam/s", "rtsp://***@cam/s"],
    ["rtsp://cam/s?mail=a@b", "rtsp://cam/s?mail=a@b"],
    ["a http://a:b@c and rtsp://d:e@f", "a http://***@c and rtsp://***@f"],
  ])("shows %s without credentials", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it("shows no password of any URI in any error that leaves the device", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9!$%^&*()_+=;:,.@-]{4,20}$/);
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
