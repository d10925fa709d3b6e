import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { redact, redactUri } from "../../../fleet/text/index.ts";

const Cases = z.array(z.tuple([z.enum(["text", "uri"]), z.string(), z.string()]));
const cases = Cases.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, "redaction-cases.json"), "utf8")),
);

describe("redaction", () => {
  it.each(cases)("of the %s %j shows %j", (kind, given, shown) => {
    expect(kind === "uri" ? redactUri(given) : redact(given)).toBe(shown);
  });

  it("changes nothing the second time", () => {
    for (const [, , shown] of cases) expect(redact(shown)).toBe(shown);
  });

  it("shows no password, whatever it is made of and wherever it stands", () => {
    const password = fc.stringMatching(/^[!-~äß€]{0,12}$/).map((word) => `Q1${word}Z9`);
    const uris = fc.constantFrom(
      (word: string) => `rtsp://admin:${word}@10.0.0.1:554/live`,
      (word: string) => `rtsps://admin:${word}@[fe80::1]/live?channel=1`,
      (word: string) => `rtsp://10.0.0.1/user=admin_password=${word}_channel=1`,
      (word: string) => `rtsp://10.0.0.1/live?user=admin&password=${word}`,
      (word: string) => `rtsp:/admin:${word}@10.0.0.1/live`,
    );
    fc.assert(
      fc.property(password, uris, (word, uri) => {
        const shown = redactUri(uri(word));
        expect(shown).not.toContain("Q1");
        expect(shown).not.toContain("Z9");
      }),
      { numRuns: 2000 },
    );
  });

  it("takes time in proportion to a hostile text", () => {
    const hostile = "a.".repeat(200_000) + ":/@".repeat(200_000) + "x://".repeat(100_000);
    const startMs = performance.now();
    redact(hostile);
    redactUri(hostile);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});
