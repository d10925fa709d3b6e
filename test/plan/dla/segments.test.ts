import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  maxLoadables,
  type PlacedGraph,
  placeOnDla,
  placeOnGpu,
} from "../../../fleet/plan/dla/index.ts";
import { type Layer, mapGraph } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { layer } from "../support/layers.ts";
import { NETWORK_NAMES, network } from "../support/models.ts";

const CONTEXT = { trt: 802, precision: "fp16", generation: 1 } as const;

/** A random graph: each layer reads one or two earlier values, and some kinds exist on the GPU only. */
const graphs = fc
  .array(fc.record({ gpu: fc.boolean(), first: fc.nat(), second: fc.option(fc.nat()) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((drafts) =>
    drafts.map(({ gpu, first, second }, index): Layer => {
      const value = (at: number): string => (index === 0 ? "x" : `v${at % index}`);
      const names = new Set([value(first), ...(second === null ? [] : [value(second)])]);
      const dims = [1, 16, 32, 32];
      const kind = gpu ? ("gather" as const) : ("activation" as const);
      return layer({
        index,
        name: `l${index}`,
        kind,
        op: gpu ? "Gather" : "Relu",
        inputs: [...names].map((name) => ({ name, dims })),
        outputs: [{ name: `v${index}`, dims }],
        flops: index + 1,
      });
    }),
  );

function expectPartition({ layers, segments, placements }: PlacedGraph): void {
  const inside = segments.flatMap((segment) => segment.layers.map(({ index }) => index));
  expect(inside.toSorted((a, b) => a - b)).toEqual(layers.map(({ index }) => index));
  for (const { device, layers: own } of segments) {
    expect(own.every(({ index }) => placements[index]?.device === device)).toBe(true);
  }
}

/** No path leaves a segment and comes back: the segments themselves have an order. */
function expectConvex({ layers, segments }: PlacedGraph): void {
  const segmentOf = new Map(
    segments.flatMap(({ id, layers: own }) => own.map(({ index }) => [index, id] as const)),
  );
  const makers = new Map(
    layers.flatMap(({ outputs, index }) => outputs.map(({ name }) => [name, index] as const)),
  );
  const before = new Map<number, Set<number>>();
  for (const { inputs, index } of layers) {
    const own = segmentOf.get(index) ?? -1;
    const set = before.get(own) ?? new Set<number>();
    for (const { name } of inputs) {
      const maker = makers.get(name);
      const other = maker === undefined ? own : (segmentOf.get(maker) ?? -1);
      if (other !== own) set.add(other);
    }
    before.set(own, set);
  }
  const done = new Set<number>();
  for (let progress = true; progress; ) {
    progress = false;
    for (const { id } of segments) {
      if (done.has(id) || ![...(before.get(id) ?? [])].every((other) => done.has(other))) continue;
      done.add(id);
      progress = true;
    }
  }
  expect(done.size).toBe(segments.length);
}

describe("segments", () => {
  it("partition any graph, and each can run as a whole", () => {
    fc.assert(
      fc.property(graphs, (layers) => {
        const placed = placeOnDla(layers, CONTEXT);
        expectPartition(placed);
        expectConvex(placed);
      }),
    );
  });

  it("are the same each time", () => {
    fc.assert(
      fc.property(graphs, (layers) => {
        expect(placeOnDla(layers, CONTEXT)).toEqual(placeOnDla(layers, CONTEXT));
      }),
    );
  });

  it("never number more than the loadables of a core", () => {
    fc.assert(
      fc.property(graphs, (layers) => {
        const onDla = placeOnDla(layers, CONTEXT).segments.filter(({ device }) => device === "dla");
        expect(onDla.length).toBeLessThanOrEqual(maxLoadables(CONTEXT.trt));
      }),
    );
  });

  it.each(NETWORK_NAMES)("partition %s", (name) => {
    const { layers } = mapGraph(inferShapes(network(name)), 805);
    const placed = placeOnDla(layers, { ...CONTEXT, trt: 805 });
    expectPartition(placed);
    expectConvex(placed);
  });

  it("on the GPU alone need no reformat", () => {
    const { layers } = mapGraph(inferShapes(network("resnet50")), 802);
    expect(placeOnGpu(layers).reformats).toEqual([]);
    expect(placeOnGpu(layers).segments).toHaveLength(1);
  });
});
