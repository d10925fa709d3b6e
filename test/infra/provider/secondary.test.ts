import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Properties, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { changed, manifest, pipelineInputs } from "./inputs.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Pipeline", "entrance");
const classifier = (digit = "c"): Properties => ({
  ...manifest(digit),
  ...{ name: "colours", labels: ["red", "blue"], decoder: "classification" },
});
const SCORED_VECTORS: Properties = {
  "secondary.colour.model": { ...classifier(), decoder: "reid" },
  "secondary.colour.minScore": 0.5,
};

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

function inputsWith(device: string, colour: Properties = { model: classifier() }): Properties {
  return { ...pipelineInputs(device), secondary: { colour } };
}

describe("secondary models in a preview", () => {
  test.each<[string, Properties, string, RegExp]>([
    ["no tracker", { track: null }, "secondary", /needs a tracker.*Add `track: \{\}`/s],
    ["none", { secondary: {} }, "secondary", /1 to 4/],
    ["a detector", { "secondary.colour.model": manifest("d") }, "secondary.colour.model", /yolox/],
    ["a label of nobody", { "secondary.colour.labels": ["cat"] }, "secondary.colour.labels", /cat/],
    ["a key of nobody", { "secondary.colour.minSize": 1 }, "secondary.colour.minSize", /unknown/],
    ["a score for vectors", SCORED_VECTORS, "secondary.colour.minScore", /no score/],
    [
      "other bytes under the name of the model that detects",
      { "secondary.colour.model.name": "people" },
      "secondary.colour.model",
      /called people like another/,
    ],
  ])("with %s are refused at the property, with what to do", async (_what, change, path, said) => {
    const news = Object.entries(change).reduce<Properties>(
      (inputs, [at, value]) => changed(inputs, at, value ?? undefined),
      inputsWith("refused"),
    );
    const { failures } = await world.driver.check(urn, news);
    expect(failures.map(({ property }) => property)).toContain(path);
    expect(failures.find(({ property }) => property === path)?.reason).toMatch(said);
  });

  test("are not judged by what is not known yet, and take what they do not say", async () => {
    const news = inputsWith("unknown", { model: UNKNOWN, labels: ["cat"] });
    const { failures, inputs } = await world.driver.check(
      urn,
      changed(news, "detect.model", UNKNOWN),
    );
    expect(failures).toEqual([]);
    expect(inputs["secondary"]).toMatchObject({ colour: { minHeight: 0.05 } });
  });

  test("are said not to be counted, and an engine of each is foretold", async () => {
    const news = { ...inputsWith("counted"), budget: { minFps: 1 } };
    const inputs = await world.driver.checked(urn, news);
    const { state } = await world.driver.create(urn, inputs, { preview: true });
    expect((state["plan"] as Properties)["demand"]).not.toBe("met");
    const told = () => world.engine.lines.map(({ text }) => text).join("\n");
    await vi.waitFor(() => expect(told()).toMatch(/^engine of people for counted/m));
    await vi.waitFor(() => expect(told()).toMatch(/^engine of colours for counted/m));
  });
});

describe("the life of a pipeline with a secondary model", () => {
  test("its set holds both, a change of either is a change, and it is imported as it was declared", async () => {
    const device = await world.device("seconds");
    const inputs = await world.driver.checked(urn, inputsWith("seconds"));
    const created = await world.driver.create(urn, inputs);
    const [wanted] = device.desired?.wanted ?? [];
    expect(wanted?.spec.secondary).toEqual({ colour: { model: "colours", minHeight: 0.05 } });
    expect(wanted?.secondaryModels).toEqual({ colour: classifier() });
    expect(await world.driver.read(urn, created)).toEqual(created);

    const found = await world.driver.read(urn, {
      id: "seconds/entrance",
      inputs: {},
      state: {},
    });
    expect(found.inputs["secondary"]).toEqual(inputs["secondary"]);
    expect(found.state["specDigest"]).toBe(created.state["specDigest"]);

    const other = await world.driver.checked(
      urn,
      inputsWith("seconds", { model: classifier("e") }),
    );
    expect(await world.driver.diff(urn, created, other)).toMatchObject({
      changes: { "secondary.colour.model.digest": "UPDATE" },
      replaces: [],
    });
    const preview = await world.driver.update(urn, created, other, { preview: true });
    expect(preview.state["specDigest"]).toBe(UNKNOWN);
    const updated = await world.driver.update(urn, created, other);
    expect(updated.state["specDigest"]).not.toBe(created.state["specDigest"]);
    expect(device.desired?.wanted[0]?.secondaryModels).toEqual({ colour: classifier("e") });

    const without = await world.driver.checked(urn, pipelineInputs("seconds"));
    const plain = await world.driver.update(urn, updated, without);
    expect(device.desired?.wanted[0]?.secondaryModels).toBeUndefined();
    expect(device.desired?.models).toEqual([manifest()]);
    await world.driver.delete(urn, plain);
  });
});
