import { expect, it } from "vitest";
import { Desired, Reported } from "../../fleet/contract/index.ts";
import { prunesEngines } from "../../fleet/hub/deploy/engine-prune.ts";
import { isEmpty, Selection, withChoice, without } from "../../fleet/hub/deploy/selection.ts";
import { MAX_JUMP } from "../../fleet/release/index.ts";

const KEY = `sha256:${"a".repeat(64)}`;
const NONE: Selection = { version: 1, choices: {}, former: null };
const reported = (pruned?: unknown) =>
  ({ agentVersion: "1.2.3", ...(pruned !== undefined && { pruned }) }) as Reported;
const followed = (number: number) =>
  reported({ ...{ number, atMs: 1, removed: 0, removedBytes: 0, inUse: 0, absent: 0 } });

it.each<[string, Selection, Reported, number]>([
  ["is the first", NONE, reported(null), 1],
  ["is above the one before", { ...NONE, prune: { number: 7, keys: [KEY] } }, reported(null), 8],
  ["is above what the device followed, as when this hub lost its own", NONE, followed(7), 8],
  ["is not driven by a claim without bounds", NONE, followed(MAX_JUMP + 1), 1],
])("the number of an order %s", (_what, selection, said, number) => {
  expect(prunesEngines(selection, [KEY], "door", said).prune).toEqual({ number, keys: [KEY] });
});

it.each([
  [null, /door.*one that never reported/],
  [reported(), /door.*version 1\.2\.3/],
])("an agent that knows no such orders is sent none", (said, message) => {
  expect(() => prunesEngines(NONE, [KEY], "door", said)).toThrow(message);
});

it("an order outlives every change of pipelines, and is a reason to compose", () => {
  const part = { part: KEY, owner: { program: "p", resource: "r" } };
  const ordered = prunesEngines(NONE, [KEY], "door", reported(null));
  expect(without(withChoice(ordered, "entrance", part), "entrance")).toEqual(ordered);
  expect(isEmpty(ordered)).toBe(false);
  expect(Selection.parse(JSON.parse(JSON.stringify(ordered)))).toEqual(ordered);
});

it.each([
  { number: 0, keys: [KEY] },
  { number: 1, keys: [] },
  { number: 1, keys: Array.from({ length: 65 }, () => KEY) },
  { number: 1, keys: ["../../state.json"] },
  { number: 1, keys: [KEY], all: true },
])("an order that says %o is none", (prune) => {
  expect(Desired.shape.prune.safeParse(prune).success).toBe(false);
});
