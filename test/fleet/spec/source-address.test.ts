import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SourceUri } from "../../../fleet/spec/index.ts";

/** How each verdict of the table is told here. */
const TOLD = {
  taken: null,
  scheme: /^must begin with rtsp:\/\//,
  "at-sign": /^has an @ behind a \//,
  blank: /^has a space, a quote or a bracket/,
  name: /^must name /,
  setting: /^takes width, height, fps(, format)? behind the \?, not /,
  format: /^takes format raw, mjpeg, h264, h265, not /,
  number: /^takes a whole number from 1 to \d+ for /,
  twice: /^takes \w+ once$/,
} as const;
type Verdict = keyof typeof TOLD;

const verdicts = Object.keys(TOLD) as [Verdict, ...Verdict[]];
const Cases = z.array(z.tuple([z.enum(verdicts), z.string()]));
const cases = Cases.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, "source-address-cases.json"), "utf8")),
);

describe("an address of a source, by the table that the native runtime follows, too", () => {
  it.each(cases)("%s: %j", (verdict, uri) => {
    const issues = SourceUri.safeParse(uri).error?.issues ?? [];
    const told = TOLD[verdict];
    expect(issues.map(({ message }) => message)).toEqual(
      told === null ? [] : [expect.stringMatching(told)],
    );
  });
});
