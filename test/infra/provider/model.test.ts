import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { failureFrom } from "./support/driver.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Model", "people");

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const inputsOf = (source: string, labels = ["person"]): Promise<Properties> =>
  world.driver.checked(urn, { source, labels });

function modelFile(name: string, producer: string): string {
  const path = join(world.dir, name);
  writeFileSync(path, tinyOnnx(1, { producer }));
  return path;
}

test("a model's life: known in preview, uploaded once, read back, kept at the hub after delete", async () => {
  const inputs = await inputsOf(modelFile("life.onnx", "life"));
  const digest = inputs["digest"] as string;
  const preview = await world.driver.create(urn, inputs, { preview: true });
  expect(preview.id).toBe(digest);
  expect(preview.state["manifest"]).toMatchObject({ name: "people", digest, labels: ["person"] });
  expect(await world.hub.hasObject(digest)).toBe(false);

  const created = await world.driver.create(urn, inputs);
  expect(created.state).toEqual(preview.state);
  expect(await world.hub.hasObject(digest)).toBe(true);
  expect((await world.driver.diff(urn, created, inputs)).changes).toEqual({});
  expect(await world.driver.read(urn, created)).toEqual(created);
  await world.driver.delete(urn, created);
  await world.driver.delete(urn, created);
  expect(await world.hub.hasObject(digest)).toBe(true);
});

test("the same file at another path is no change, another file at the same path is a replacement", async () => {
  const created = await world.driver.create(urn, await inputsOf(modelFile("a.onnx", "same")));
  const moved = await inputsOf(modelFile("b.onnx", "same"));
  expect((await world.driver.diff(urn, created, moved)).changes).toEqual({});
  const other = await inputsOf(modelFile("a.onnx", "other"));
  const diff = await world.driver.diff(urn, created, other);
  expect(diff).toEqual({
    changes: { digest: "UPDATE_REPLACE" },
    replaces: ["digest"],
    first: false,
  });
});

test("new labels are an update that the manifest shows", async () => {
  const created = await world.driver.create(urn, await inputsOf(world.modelPath));
  const news = await inputsOf(world.modelPath, ["human"]);
  expect((await world.driver.diff(urn, created, news)).changes).toEqual({ "labels[0]": "UPDATE" });
  const updated = await world.driver.update(urn, created, news);
  expect(updated.state["manifest"]).toMatchObject({ labels: ["human"] });
});

test("a file that the hub has lost is drift, and an update sends it again", async () => {
  const inputs = await inputsOf(modelFile("lost.onnx", "lost"));
  const created = await world.driver.create(urn, inputs);
  const digest = inputs["digest"] as string;
  rmSync(join(world.dir, "hub", "objects"), { recursive: true });
  await world.stopHub();
  await world.startHub();
  const read = await world.driver.read(urn, created);
  expect(read.state["stored"]).toBe(false);
  expect((await world.driver.diff(urn, read, inputs)).changes).toEqual({ stored: "UPDATE" });
  await world.driver.update(urn, read, inputs);
  expect(await world.hub.hasObject(digest)).toBe(true);
});

test("a file that changed between check and create is refused by its digest", async () => {
  const path = modelFile("race.onnx", "before");
  const inputs = await inputsOf(path);
  modelFile("race.onnx", "after!");
  const failure = await failureFrom(world.driver.create(urn, inputs));
  expect(failure.init).toBeUndefined();
  expect(failure.message).toContain("ARTIFACT_DIGEST");
});

test("a hub that does not answer fails a create clearly, and leaves what was read alone", async () => {
  const created = await world.driver.create(urn, await inputsOf(world.modelPath));
  await world.stopHub();
  try {
    expect(await world.driver.read(urn, created)).toEqual(created);
    expect(world.engine.lines.at(-1)?.text).toContain("keeps its last known state");
    const failure = await failureFrom(world.driver.update(urn, created, created.inputs));
    expect(failure.message).toMatch(/HUB_UNREACHABLE.*\n.*next: Start the hub/s);
  } finally {
    await world.startHub();
  }
});

test("an import says what an id is, and what to do with a model that no pipeline has named", async () => {
  const noDigest = { id: "sha256:x", inputs: {}, state: {} };
  expect((await failureFrom(world.driver.read(urn, noDigest))).message).toMatch(
    /digest of a model's file but got sha256:x[^]*sha256sum/,
  );
  const absent = `sha256:${"0".repeat(64)}`;
  expect((await world.driver.read(urn, { id: absent, inputs: {}, state: {} })).id).toBe("");
  const created = await world.driver.create(
    urn,
    await inputsOf(modelFile("unnamed.onnx", "unnamed")),
  );
  const unnamed = { id: created.id, inputs: {}, state: {} };
  expect((await failureFrom(world.driver.read(urn, unnamed))).message).toMatch(
    /Declare it without `import`/,
  );
});

test("a calibration table is an object of the model's: uploaded, in the manifest, and another one an update", async () => {
  const source = modelFile("int8.onnx", "int8");
  const plain = await inputsOf(source);
  const digest = plain["digest"] as string;
  const tableAt = (name: string, bits: string): string => {
    const path = join(world.dir, name);
    const text = `jetfleet calibration 1\nmethod entropy-2\nmodel ${digest.slice(7)}\nx ${bits}\n`;
    writeFileSync(path, text);
    return path;
  };
  const calibrated = (calibration: string) =>
    world.driver.checked(urn, { source, labels: ["person"], calibration });
  const inputs = await calibrated(tableAt("first.table", "3c0103da"));
  const created = await world.driver.create(urn, inputs);
  const { calibration } = created.state["manifest"] as { calibration: { digest: string } };
  expect(await world.hub.hasObject(calibration.digest)).toBe(true);
  const moved = await calibrated(tableAt("same.table", "3c0103da"));
  expect((await world.driver.diff(urn, created, moved)).changes).toEqual({});
  const other = await calibrated(tableAt("other.table", "3c0103db"));
  const { changes, replaces } = await world.driver.diff(urn, created, other);
  expect([Object.values(changes)[0], replaces]).toEqual(["UPDATE", []]);
  const { changes: none } = await world.driver.diff(urn, created, plain);
  expect(Object.keys(none)).not.toEqual([]);
  rmSync(join(world.dir, "other.table"));
  const wrong = { source, labels: ["person"], calibration: source };
  expect((await world.driver.check(urn, wrong)).failures).toEqual([
    expect.objectContaining({
      property: "calibration",
      reason: expect.stringMatching(/first line/),
    }),
  ]);
});

test("float32 nodes are nodes of the model", async () => {
  const source = join(import.meta.dirname, "../../../models/street-v2-b1.onnx");
  const labels = ["person", "vehicle", "bicycle"];
  const right = "/stage2/stage2.0/stage2.0.0/Conv";
  const inputs = await world.driver.checked(urn, { source, labels, float32Nodes: [right] });
  const { state } = await world.driver.create(urn, inputs, { preview: true });
  expect(state["manifest"]).toMatchObject({ float32Nodes: [right] });
  const wrong = { source, labels, float32Nodes: [right, "/no"] };
  const { failures } = await world.driver.check(urn, wrong);
  expect(failures).toEqual([
    expect.objectContaining({
      property: "float32Nodes",
      reason: expect.stringMatching(/nodes but got \/no$/m),
    }),
  ]);
});
