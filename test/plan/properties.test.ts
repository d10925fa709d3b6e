import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findModule, type Module } from "../../fleet/boards/catalog/index.ts";
import { demandOf } from "../../fleet/plan/demand.ts";
import { placeOnDla } from "../../fleet/plan/dla/index.ts";
import { type Plan, planFor, readModel } from "../../fleet/plan/index.ts";
import { mapGraph } from "../../fleet/plan/layers/index.ts";
import { CERTAINTIES, rankOf } from "../../fleet/plan/policy.ts";
import { inferShapes } from "../../fleet/plan/shapes/index.ts";
import { writeModel } from "./support/onnx-writer.ts";
import { randomGraph, reordered } from "./support/random-graph.ts";

const found = findModule("agx-xavier");
if (!found) throw new Error("no agx-xavier");
const XAVIER: Module = found;
const WITHOUT_DLA: Module = { ...XAVIER, dlaCores: [{ value: 0, source: "derived" }] };
const RUNS = { numRuns: 60 };

const precision = fc.constantFrom("fp16" as const, "int8" as const);
const jetpack = fc.constantFrom("4.6.1", "5.1.2");

describe("any graph", () => {
  it("is planned to the same bytes each time", () => {
    fc.assert(
      fc.property(randomGraph, precision, jetpack, (sketch, wanted, release) => {
        const bytes = writeModel(sketch);
        const text = (): string =>
          JSON.stringify(
            planFor(readModel(bytes), XAVIER, { precision: wanted, jetpack: release }),
          );
        expect(text()).toBe(text());
      }),
      RUNS,
    );
  });

  it("has each node on the same device whatever the order of the file", () => {
    const devices = ({ layers }: Plan): string[] =>
      layers.map(({ node, device }) => `${node} ${device}`).toSorted();
    fc.assert(
      fc.property(randomGraph, fc.array(fc.nat(), { maxLength: 40 }), (sketch, picks) => {
        const options = { jetpack: "5.1.2", accelerator: "dla0" } as const;
        const plan = (one: typeof sketch): Plan =>
          planFor(readModel(writeModel(one)), XAVIER, options);
        expect(devices(plan(reordered(sketch, picks)))).toEqual(devices(plan(sketch)));
      }),
      RUNS,
    );
  });

  it("is cut into segments that hold each layer once, on one device each, and can run one after the other", () => {
    fc.assert(
      fc.property(randomGraph, precision, (sketch, wanted) => {
        const { layers } = mapGraph(inferShapes(readModel(writeModel(sketch))), 802);
        const { segments, placements } = placeOnDla(layers, {
          trt: 802,
          precision: wanted,
          generation: 1,
        });
        const held = segments.flatMap(({ layers: inside }) => inside.map(({ index }) => index));
        expect(held.toSorted((a, b) => a - b)).toEqual(layers.map(({ index }) => index));
        for (const { device, layers: inside } of segments) {
          expect(inside.every(({ index }) => placements[index]?.device === device)).toBe(true);
        }
        expect(runsInTurn(segments)).toBe(true);
      }),
      RUNS,
    );
  });
});

/** Whether some order of the segments lets each start when all that it reads is made. */
function runsInTurn(segments: ReturnType<typeof placeOnDla>["segments"]): boolean {
  const makers = new Map(
    segments.flatMap(({ id, layers }) =>
      layers.flatMap(({ outputs }) => outputs.map(({ name }) => [name, id] as const)),
    ),
  );
  const waiting = new Set(segments);
  const done = new Set<number>();
  const ready = ({ id, layers }: (typeof segments)[number]): boolean =>
    layers
      .flatMap(({ inputs }) => inputs.map(({ name }) => makers.get(name)))
      .every((maker) => maker === undefined || maker === id || done.has(maker));
  for (let next = [...waiting].find(ready); next; next = [...waiting].find(ready)) {
    waiting.delete(next);
    done.add(next.id);
  }
  return waiting.size === 0;
}

describe("a DLA never lowers what auto promises", () => {
  it("without a demand: neither the rate that is expected nor that of the low end", () => {
    fc.assert(
      fc.property(randomGraph, precision, (sketch, wanted) => {
        const model = readModel(writeModel(sketch));
        const having = planFor(model, XAVIER, { precision: wanted }).chosen?.fps;
        const lacking = planFor(model, WITHOUT_DLA, { precision: wanted }).chosen?.fps;
        expect(having?.expected ?? 0).toBeGreaterThanOrEqual(lacking?.expected ?? 0);
        expect(having?.low ?? 0).toBeGreaterThanOrEqual(lacking?.low ?? 0);
      }),
      RUNS,
    );
  });

  it("with a demand: how surely it is met", () => {
    const demand = fc.record({
      minFps: fc.double({ min: 1, max: 20_000, noNaN: true }),
      latencyMs: fc.double({ min: 0.01, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(randomGraph, precision, demand, (sketch, wanted, { minFps, latencyMs }) => {
        const model = readModel(writeModel(sketch));
        const options = { precision: wanted, minFps, latencyMs };
        const rank = ({ chosen }: Plan): number =>
          chosen ? rankOf(chosen, demandOf({ minFps, latencyMs }), []) : -1;
        const [having, lacking] = [XAVIER, WITHOUT_DLA].map((one) => planFor(model, one, options));
        if (!having || !lacking) throw new Error("no plan");
        expect(rank(having)).toBeLessThan(CERTAINTIES.length);
        expect(rank(having)).toBeGreaterThanOrEqual(rank(lacking));
        expect([lacking.verdict, having.verdict]).not.toEqual(["runs", "refused"]);
      }),
      RUNS,
    );
  });
});
