import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Actual,
  isExchange,
  plan,
  type Step,
  versionsOf,
} from "../../../agent/reconcile/plan.ts";
import {
  isModelChange,
  objectsOf,
  type PipelineVersion,
  versionDigest,
} from "../../../agent/update/pipeline-version.ts";
import { desiredOf, modelOf, pipelineOf, versionOf } from "../support/desired.ts";

const v1 = versionOf("entrance", "one");
const v2 = versionOf("entrance", "two");
const yard = versionOf("yard", "one");
const digest1 = v1.model.digest;
const digest2 = v2.model.digest;
const nothing: Actual = { objects: [], pipelines: [], previousObjects: [] };

describe("the plan", () => {
  it("is empty when everything is as wanted", () => {
    expect(plan([v1], { ...nothing, objects: [digest1], pipelines: [v1] })).toEqual([]);
    expect(plan([], nothing)).toEqual([]);
  });

  it("fetches, verifies and starts what is not there", () => {
    expect(plan([v1], nothing)).toEqual([
      { kind: "fetch", digest: digest1, sizeBytes: 3 },
      { kind: "verify", digest: digest1 },
      { kind: "start", version: v1 },
    ]);
  });

  it("fetches an object of two pipelines once", () => {
    const kinds = plan([v1, yard], nothing).map(({ kind }) => kind);
    expect(kinds).toEqual(["fetch", "verify", "start", "start"]);
  });

  it("exchanges the model of a pipeline in place and keeps the old object for going back", () => {
    expect(plan([v2], { ...nothing, objects: [digest1, digest2], pipelines: [v1] })).toEqual([
      { kind: "verify", digest: digest2 },
      { kind: "swap-model", from: v1, to: v2 },
    ]);
  });

  it.each([
    ["another threshold", { detect: { ...v1.spec.detect, minScore: 0.9 } }, true],
    ["another name of the model", { detect: { ...v1.spec.detect, model: "n" } }, true],
    ["another accelerator", { detect: { ...v1.spec.detect, accelerator: "dla0" } }, true],
    ["another precision", { detect: { ...v1.spec.detect, precision: "int8" } }, true],
    ["a budget", { budget: { minFps: 15, latencyP95Ms: 100 } }, true],
    [
      "what the camera is said to send",
      {
        sources: {
          cam: { ...v1.spec.sources["cam"]!, video: { width: 640, height: 360, fps: 5 } },
        },
      },
      true,
    ],
    ["another source", { sources: { cam: { ...v1.spec.sources["cam"]!, loop: true } } }, false],
    ["another name of the source", { sources: { eye: v1.spec.sources["cam"]! } }, false],
    ["no tracker", { track: undefined }, false],
  ])("knows whether %s can be had without opening the source again", (_what, change, yes) => {
    expect(isModelChange(v1, { ...v1, spec: { ...v1.spec, ...change } as never })).toBe(yes);
  });

  it("leaves a pipeline alone whose budget changed", () => {
    const told = { ...v1, spec: { ...v1.spec, budget: { minFps: 15 } } };
    expect(plan([told], { ...nothing, objects: [digest1], pipelines: [v1] })).toEqual([]);
  });

  it("replaces a pipeline whose source changed", () => {
    const moved = versionOf("entrance", "one", "rtsp://camera/two");
    expect(plan([moved], { ...nothing, objects: [digest1], pipelines: [v1] })).toEqual([
      { kind: "verify", digest: digest1 },
      { kind: "replace", from: v1, to: moved },
    ]);
  });

  it("stops what is no longer wanted before it starts what is new", () => {
    const steps = plan([yard], { ...nothing, objects: [digest1], pipelines: [v1] });
    expect(steps.map(({ kind }) => kind)).toEqual(["verify", "stop", "start"]);
  });

  it("removes an object that neither the wanted, the running nor the previous set uses", () => {
    const spare = modelOf("m", "spare").digest;
    const actual = { objects: [digest1, digest2, spare], pipelines: [v2], previousObjects: [] };
    expect(plan([v2], { ...actual, previousObjects: [digest1] })).toEqual([
      { kind: "remove", digest: spare },
    ]);
  });

  it("refuses a pipeline that names a model the document does not hold", () => {
    const desired = desiredOf({ generation: 1, pipelines: [pipelineOf("entrance", "ghost")] });
    expect(() => versionsOf(desired)).toThrow(/ghost/);
  });

  it("reaches any document from any state, in one round, and is then empty", () => {
    fc.assert(
      fc.property(versions(), actuals(), (desired, actual) => {
        const after = plan(desired, actual).reduce(applied, actual);
        expect(after.pipelines.map(versionDigest).sort()).toEqual(
          desired.map(versionDigest).sort(),
        );
        for (const digest of objectsOf(desired)) expect(after.objects).toContain(digest);
        const next = { ...after, previousObjects: objectsOf(actual.pipelines) };
        expect(plan(desired, next).filter(({ kind }) => kind !== "remove")).toEqual([]);
      }),
    );
  });

  it("never removes what runs or what it runs next, and starts nothing unverified", () => {
    fc.assert(
      fc.property(versions(), actuals(), (desired, actual) => {
        const steps = plan(desired, actual);
        const kept = [...objectsOf(desired), ...objectsOf(actual.pipelines)];
        const verified = new Set<string>();
        for (const step of steps) {
          if (step.kind === "verify") verified.add(step.digest);
          if (step.kind === "remove") expect(kept).not.toContain(step.digest);
          if (step.kind === "start") expect(verified).toContain(step.version.model.digest);
          if (isExchange(step)) expect(verified).toContain(step.to.model.digest);
        }
      }),
    );
  });
});

/** What a perfect executor makes of a step. */
function applied(actual: Actual, step: Step): Actual {
  const without = (name: string) => actual.pipelines.filter(({ spec }) => spec.name !== name);
  switch (step.kind) {
    case "fetch":
      return { ...actual, objects: [...actual.objects, step.digest] };
    case "verify":
      return actual;
    case "remove":
      return { ...actual, objects: actual.objects.filter((digest) => digest !== step.digest) };
    case "stop":
      return { ...actual, pipelines: without(step.name) };
    case "start":
      return { ...actual, pipelines: [...actual.pipelines, step.version] };
    case "swap-model":
    case "replace":
      return { ...actual, pipelines: [...without(step.to.spec.name), step.to] };
  }
}

const BYTES = ["one", "two", "three"];

function versions(): fc.Arbitrary<PipelineVersion[]> {
  const version = fc
    .tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom(...BYTES))
    .map(([name, bytes]) => versionOf(name, bytes));
  return fc.uniqueArray(version, { selector: ({ spec }) => spec.name, maxLength: 3 });
}

function actuals(): fc.Arbitrary<Actual> {
  const digests = fc.subarray([...BYTES, "spare"].map((bytes) => modelOf("m", bytes).digest));
  return fc.record({ objects: digests, pipelines: versions(), previousObjects: digests });
}
