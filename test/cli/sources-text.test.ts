import { expect, test } from "vitest";
import { isWithoutSource, sourcesText, sourceTable } from "../../cli/render/sources-text.ts";
import type { SourceStats } from "../../fleet/contract/index.ts";

const sourceOf = (name: string, state: SourceStats["state"]): SourceStats => ({
  ...{ name, state, reconnects: 3, decoder: "avdec_h264", fps: 14.96, framesTotal: 100 },
  ...{ droppedTotal: 7, latencyMs: { p50: 31.2, p95: 44.4, p99: 50, max: 61 } },
  ...{ latencyFrom: "arrival", stages: [] },
});

test("of one source its state is told, of several how many play and which do not", () => {
  const source = { state: "lost", reconnects: 0 } as const;
  const two = [sourceOf("door", "playing"), sourceOf("gate", "lost")];
  expect(sourcesText({ source })).toBe("lost");
  expect(sourcesText({ source, sources: two })).toBe("1 of 2 playing, gate lost");
});

test("a pipeline is without a source when none of several plays", () => {
  const source = { state: "lost", reconnects: 0 } as const;
  const states = (...all: SourceStats["state"][]) => all.map((one) => sourceOf("any", one));
  expect(isWithoutSource({ source })).toBe(true);
  expect(isWithoutSource({ source, sources: states("playing", "lost") })).toBe(false);
  expect(isWithoutSource({ source, sources: states("connecting", "lost") })).toBe(true);
});

test("several sources have a row each, and one has none", () => {
  expect(sourceTable([sourceOf("door", "playing")], 120)).toEqual([]);
  const [head, door, gate] = sourceTable(
    [sourceOf("door", "playing"), sourceOf("gate", "lost")],
    120,
  );
  expect(head).toMatch(/SOURCE +STATE +FPS +P50 ms +P95 ms +DECODER +RECONNECTS +DROPS/);
  expect(door).toMatch(/door +playing +15\.0 +31\.2 +44\.4 +avdec_h264 +3 +7/);
  expect(gate).toMatch(/gate +lost/);
});
