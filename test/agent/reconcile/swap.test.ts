import { expect, it } from "vitest";
import { changeBetween } from "../../../agent/reconcile/swap.ts";
import { type PipelineVersion, sourcesBetween } from "../../../agent/update/pipeline-version.ts";
import { PipelineSpec } from "../../../fleet/spec/index.ts";
import { modelOf } from "../support/desired.ts";

type Sources = Record<string, object>;

function versionOf(sources: Sources, change: object = {}, model = "m"): PipelineVersion {
  const spec = PipelineSpec.parse({
    ...{ name: "entrance", detect: { model: "m" }, track: {} },
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, source]) => [
        name,
        { uri: `rtsp://c/${name}`, ...source },
      ]),
    ),
    ...change,
  });
  const secondaryModels = Object.fromEntries(
    Object.entries(spec.secondary ?? {}).map(([name, one]) => [name, modelOf("m", one.model)]),
  );
  return { spec, model: modelOf("m", model), ...(spec.secondary && { secondaryModels }) };
}

const door = { door: {} };
const both = { door: {}, yard: {} };

it.each<[string, Sources, Sources, ReturnType<typeof sourcesBetween>]>([
  ["one more", door, both, { remove: [], add: ["yard"] }],
  ["one less", both, door, { remove: ["yard"], add: [] }],
  ["another in its place", both, { door: {}, gate: {} }, { remove: ["yard"], add: ["gate"] }],
  [
    "opened otherwise",
    both,
    { door: {}, yard: { transport: "udp" } },
    { remove: ["yard"], add: ["yard"] },
  ],
  ["in another order", both, { yard: {}, door: {} }, { remove: [], add: [] }],
  ["none that stays", door, { yard: {} }, null],
  ["the only one opened otherwise", door, { door: { loop: true } }, null],
])("sources: %s", (_what, from, to, between) => {
  expect(sourcesBetween(versionOf(from), versionOf(to))).toEqual(between);
});

it("sources come and go alone: with anything else that changes, the pipeline is started anew", () => {
  const from = versionOf(door);
  expect(changeBetween(from, versionOf(both))).toBe("change-sources");
  for (const change of [
    { detect: { model: "m", minScore: 0.7 } },
    { track: { algorithm: "sort" } },
  ]) {
    expect(changeBetween(from, versionOf(both, change))).toBe("replace");
  }
  expect(changeBetween(from, versionOf(both, {}, "other"))).toBe("replace");
  expect(changeBetween(from, versionOf(door, {}, "other"))).toBe("swap-model");
  expect(changeBetween(from, versionOf(both, { budget: { minFps: 5 } }))).toBe("change-sources");
});

it("a secondary model stays when the model that detects is exchanged or sources change, and itself takes another runner", () => {
  const colour = (model: string, more: object = {}) => ({
    secondary: { colour: { model, ...more } },
  });
  const from = versionOf(door, colour("a"));
  expect(changeBetween(from, versionOf(door, colour("a")))).toBe("none");
  expect(changeBetween(from, versionOf(door, colour("a"), "other"))).toBe("swap-model");
  expect(changeBetween(from, versionOf(both, colour("a")))).toBe("change-sources");
  for (const change of [{}, colour("b"), colour("a", { minHeight: 0.2 })]) {
    expect(changeBetween(from, versionOf(door, change))).toBe("replace");
    expect(changeBetween(versionOf(door, change), from)).toBe("replace");
    expect(changeBetween(from, versionOf(both, change))).toBe("replace");
  }
  // The same names, but other bytes behind one of them.
  const bytes = { ...from, secondaryModels: { colour: modelOf("m", "other bytes") } };
  expect(changeBetween(from, bytes)).toBe("replace");
});
