import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  actedOn,
  canonicalJson,
  pipelineDigest,
  setDigestOf,
  sha256Digest,
} from "../../../fleet/release/index.ts";
import { ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";

const model = ModelManifest.parse({
  name: "people",
  digest: sha256Digest("weights"),
  sizeBytes: 7,
  labels: ["person"],
  decoder: "yolox",
});
const pipeline = PipelineSpec.parse({
  name: "entrance",
  sources: { cam1: { uri: "rtsp://10.0.9.1/stream1" } },
  detect: { model: "people" },
});

describe("digests", () => {
  it("name bytes by their SHA-256", () => {
    expect(sha256Digest("abc")).toBe(`sha256:${createHash("sha256").update("abc").digest("hex")}`);
  });

  it("are the same for equal values whatever the order of their keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("of a pipeline name the bytes of its secondary models, and are what they were where it has none", () => {
    const plain = pipelineDigest(pipeline, { model });
    expect(plain).toBe(sha256Digest(canonicalJson({ spec: actedOn(pipeline), model })));
    const ofColour = (bytes: string) =>
      pipelineDigest(pipeline, {
        model,
        secondaryModels: { colour: { ...model, digest: sha256Digest(bytes) } },
      });
    expect(new Set([plain, ofColour("a"), ofColour("b")]).size).toBe(3);
  });

  it("of a set do not depend on the order of its models but on every field of them", () => {
    const other = { ...model, name: "cars" };
    expect(setDigestOf([model, other])).toBe(setDigestOf([other, model]));
    expect(setDigestOf([model])).not.toBe(setDigestOf([{ ...model, labels: ["human"] }]));
  });

  it("of a pipeline change with the model's bytes and with its own settings", () => {
    const before = pipelineDigest(pipeline, { model });
    expect(
      pipelineDigest(pipeline, { model: { ...model, digest: sha256Digest("other") } }),
    ).not.toBe(before);
    expect(
      pipelineDigest({ ...pipeline, detect: { ...pipeline.detect, minScore: 0.5 } }, { model }),
    ).not.toBe(before);
  });

  it("of a pipeline stay when only its budget or what its camera is said to send changes", () => {
    const { cam1 } = pipeline.sources;
    const told = {
      ...pipeline,
      budget: { minFps: 15 },
      sources: { cam1: { ...cam1!, video: { width: 1920, height: 1080, fps: 30 } } },
    };
    expect(pipelineDigest(told, { model })).toBe(pipelineDigest(pipeline, { model }));
    const elsewhere = { ...told, sources: { cam1: { ...told.sources.cam1, loop: true } } };
    expect(pipelineDigest(elsewhere, { model })).not.toBe(pipelineDigest(pipeline, { model }));
  });
});
