import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { CHANNELS, type ChannelName, FleetEvent, Reported } from "../../../fleet/contract/index.ts";
import { HubEvent } from "../../../fleet/hub/history-info.ts";
import { HttpProblem } from "../../../fleet/hub/hub-info.ts";
import { Label } from "../../../fleet/spec/model.ts";
import { OpenData, Text } from "../../../fleet/text/index.ts";

/** Sets the clipboard, clears the screen by C0 and by C1, turns what follows round. */
const HOSTILE = "\u001b]52;c;aGk=\u0007\u001b[2J\u009b2J\u202etxt\0\x7f";
const ACTS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

interface Def {
  type: string;
  checks?: { _zod: { def: { check: string } } }[];
  shape?: Record<string, z.ZodType>;
  options?: z.ZodType[];
  items?: z.ZodType[];
  innerType?: z.ZodType;
  element?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  out?: z.ZodType;
  format?: string;
}

/** Places of strings that take any characters as they come. */
function openStrings(schema: z.ZodType, place: string): string[] {
  const def = schema.def as unknown as Def;
  const closes = (def.checks ?? []).some(({ _zod }) =>
    ["overwrite", "string_format"].includes(_zod.def.check),
  );
  if (closes) return [];
  if (def.type === "string") return def.format === undefined ? [place] : [];
  if (def.type === "unknown") return [place];
  const below: [string, z.ZodType | undefined][] = [
    ...Object.entries(def.shape ?? {}),
    ...(def.options ?? []).map((one): [string, z.ZodType] => ["|", one]),
    ...(def.items ?? []).map((one): [string, z.ZodType] => ["[]", one]),
    ["", def.innerType],
    ["[]", def.element],
    ["key", def.keyType],
    ["value", def.valueType],
    ["", def.out],
  ];
  return below.flatMap(([name, one]) => (one ? openStrings(one, `${place}.${name}`) : []));
}

describe("text from outside", () => {
  const fromDevices = (Object.keys(CHANNELS) as ChannelName[]).filter(
    (name) => CHANNELS[name].direction === "from-device",
  );

  it.each(fromDevices)("on %s has a fixed form or is made printable as it is parsed", (name) => {
    expect(openStrings(CHANNELS[name].schema, name)).toEqual([]);
  });

  it.each([
    ["the hub's events", HubEvent],
    ["the hub's refusals", HttpProblem],
    ["labels of models", Label],
  ])("in %s, too", (_what, schema) => {
    expect(openStrings(schema, "it")).toEqual([]);
  });

  it("is told apart by this test", async () => {
    const { z } = await import("zod");
    const schema = z.object({ a: z.string(), b: z.array(z.string().max(5)).optional() });
    expect(openStrings(schema, "it")).toEqual(["it.a", "it.b..[]"]);
    expect(openStrings(z.record(z.string(), z.unknown()), "it")).toEqual(["it.key", "it.value"]);
  });

  it("does not act, wherever it stands", () => {
    expect(Text.parse(HOSTILE)).not.toMatch(ACTS);
    const data = OpenData.parse({ [HOSTILE]: { deep: [HOSTILE, { [HOSTILE]: 1 }] }, n: 1 });
    expect(JSON.stringify(data)).not.toMatch(/\\u00|[\x7f-\x9f\u202a-\u202e]/);
    expect(data["n"]).toBe(1);
    const chained = { seq: 1, atMs: 1, kind: HOSTILE, message: HOSTILE, previous: null };
    const event = FleetEvent.parse({ ...chained, data: { reason: HOSTILE } });
    const { kind, message, data: open } = event;
    expect(kind + message + JSON.stringify(open)).not.toMatch(ACTS);
    const error = { code: HOSTILE, message: HOSTILE, hint: HOSTILE, atMs: 1 };
    const told = Reported.shape.error.parse(error);
    expect(`${told?.code}${told?.message}${told?.hint}`).not.toMatch(ACTS);
  });
});
