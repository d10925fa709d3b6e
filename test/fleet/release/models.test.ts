import { describe, expect, it } from "vitest";
import { allModels, namedModels, sha256Digest } from "../../../fleet/release/index.ts";
import { ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";

const modelOf = (name: string) =>
  ModelManifest.parse({
    ...{ name, digest: sha256Digest(name), sizeBytes: 7, labels: ["person"] },
    decoder: "classification",
  });
const [people, colours, faces] = ["people", "colours", "faces"].map(modelOf) as [
  ModelManifest,
  ModelManifest,
  ModelManifest,
];

function specOf(secondary?: Record<string, { model: string }>): PipelineSpec {
  return PipelineSpec.parse({
    ...{ name: "entrance", sources: { cam: { uri: "rtsp://c/1" } }, detect: { model: "people" } },
    ...{ track: {}, ...(secondary && { secondary }) },
  });
}

describe("the models of a pipeline", () => {
  it("are what detects, and the secondary ones by their names in it", () => {
    expect(namedModels(specOf(), [colours, people])).toEqual({ model: people });
    const spec = specOf({ shirt: { model: "colours" }, hat: { model: "colours" } });
    const named = namedModels(spec, [people, colours, faces]);
    expect(named).toEqual({ model: people, secondaryModels: { shirt: colours, hat: colours } });
    expect("missing" in named ? [] : allModels(named)).toEqual([people, colours]);
  });

  it.each([
    ["what detects", specOf(), [colours], "people"],
    ["a secondary one", specOf({ shirt: { model: "colours" } }), [people], "colours"],
  ])("are not there without %s", (_what, spec, models, missing) => {
    expect(namedModels(spec, models)).toEqual({ missing });
  });
});
