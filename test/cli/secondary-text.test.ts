import { expect, test } from "vitest";
import { secondaryLines } from "../../cli/render/secondary-text.ts";
import { PipelineStats } from "../../fleet/contract/index.ts";

const times = (p95: number) => ({ p50: 1, p95, p99: 90, max: 91 });
const colour = {
  ...{ name: "colour", model: "sha256:0", looked: 3, lookedTotal: 1205, droppedTotal: 0 },
  ...{ runsTotal: 400, waitMs: times(4), workMs: times(12) },
  ...{ queue: { level: 0, max: 2, capacity: 64 }, batch: { most: 8 } },
};
const face = {
  ...{ ...colour, name: "face", lookedTotal: 0, runsTotal: 0, droppedTotal: 7 },
  ...{ waitMs: null, workMs: null, batch: { most: 1, why: "the model takes one picture" } },
};

test("secondary models have a line each, and what was not measured is no number", () => {
  expect(secondaryLines({})).toEqual([]);
  const secondary = PipelineStats.shape.secondary.parse([colour, face]);
  expect(secondaryLines({ secondary })).toEqual([
    "secondary colour: 1,205 objects looked at in 400 runs; wait p95 4.0 ms, work p95 12 ms",
    "secondary face: 0 objects looked at in 0 runs; 7 put off for load; wait p95 -, work p95 -; one in a run: the model takes one picture",
  ]);
});
