import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isSecretAt, type Properties, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { certifyDevice } from "../../hub/device-identity.ts";
import { changed, manifest, pipelineInputs } from "./inputs.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import type { FakeDevice } from "./support/fake-device.ts";
import { createWorld, FLEET, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Pipeline", "entrance");

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function deployed(device: string): Promise<{ pipeline: Resource; device: FakeDevice }> {
  const peer = await world.device(device);
  const inputs = await world.driver.checked(urn, pipelineInputs(device));
  return { pipeline: await world.driver.create(urn, inputs), device: peer };
}

/** The engine may get a line after the answer. */
async function warned(line: string): Promise<void> {
  const warnings = () =>
    world.engine.lines.filter(({ severity }) => severity === 2).map(({ text }) => text);
  await vi.waitFor(() => expect(warnings()).toContain(line));
}

const PART = { digest: `sha256:${"a".repeat(64)}`, number: { epoch: 0, n: 1 } };
const RELEASED = { part: PART, set: PART };
const FAILURE = { message: "the camera said no", hint: "ask it again", atMs: 1 };

describe("the life of a pipeline", () => {
  test("previews what it can know, deploys, changes and leaves nothing", async () => {
    const device = await world.device("life");
    const inputs = await world.driver.checked(urn, pipelineInputs("life"));

    const preview = await world.driver.create(urn, inputs, { preview: true });
    expect(preview.id).toBe("life/entrance");
    expect(preview.state).toMatchObject({ state: "running", specDigest: UNKNOWN });
    const told = () => world.engine.lines.map(({ text }) => text);
    await vi.waitFor(() => expect(told()).toContainEqual(expect.stringMatching(/^engine of /)));
    expect(device.received).toEqual([]);

    const created = await world.driver.create(urn, inputs);
    expect(created.id).toBe("life/entrance");
    expect(created.state).toMatchObject({ state: "running" });
    expect(isSecretAt(created.inputs, ["sources", "cam1", "uri"])).toBe(true);
    expect(created.state["sources"]).toBeUndefined();
    expect(device.desired).toMatchObject({ generation: 1, refused: [] });
    expect(device.desired?.pipelines[0]?.sources["cam1"]?.uri).toContain("geheim");
    expect((await world.driver.diff(urn, created, inputs)).changes).toEqual({});

    const read = await world.driver.read(urn, created);
    expect(read).toEqual(created);

    const news = await world.driver.checked(
      urn,
      changed(pipelineInputs("life"), "detect.minScore", 0.7),
    );
    expect(await world.driver.diff(urn, created, news)).toMatchObject({
      changes: { "detect.minScore": "UPDATE" },
      replaces: [],
    });
    const updated = await world.driver.update(urn, created, news);
    expect(updated.state["specDigest"]).not.toBe(created.state["specDigest"]);
    expect(device.desired).toMatchObject({
      generation: 2,
      pipelines: [{ detect: { minScore: 0.7 } }],
    });

    await world.driver.delete(urn, updated);
    expect(device.desired).toMatchObject({ generation: 3, pipelines: [], models: [] });
    await world.driver.delete(urn, updated);
    expect(device.desired?.generation).toBe(3);
  });

  test("takes a changed budget to the device, where the pipeline goes on as it is", async () => {
    const { pipeline, device } = await deployed("budget");
    const digest = pipeline.state["specDigest"];
    const told = [
      ["budget", { minFps: 10, latencyP95Ms: 500 }, { budget: "ADD" }],
      ["budget.minFps", 5, { budget: "ADD" }],
      [
        "sources.cam1.video",
        { width: 1280, height: 720, fps: 15 },
        { "sources.cam1.video": "ADD" },
      ],
    ] as const;
    for (const [path, value, changes] of told) {
      const news = await world.driver.checked(urn, changed(pipelineInputs("budget"), path, value));
      expect((await world.driver.diff(urn, pipeline, news)).changes).toEqual(changes);
      const preview = await world.driver.update(urn, pipeline, news, { preview: true });
      expect(preview.state["specDigest"]).toBe(digest);
      const generation = device.desired?.generation ?? 0;
      const updated = await world.driver.update(urn, pipeline, news);
      expect(updated.state["specDigest"]).toBe(digest);
      expect(device.desired?.generation).toBe(generation + 1);
    }
    const [spec] = device.desired?.pipelines ?? [];
    expect(spec?.sources["cam1"]?.video).toEqual({ width: 1280, height: 720, fps: 15 });
  });

  test.each([
    ["detect.accelerator", "gpu"],
    ["detect.precision", "fp16"],
  ])("with another %s is another version", async (path, value) => {
    const { pipeline } = await deployed(`way-${value}`);
    const news = await world.driver.checked(
      urn,
      changed(pipelineInputs(`way-${value}`), path, value),
    );
    expect((await world.driver.diff(urn, pipeline, news)).changes).toEqual({ [path]: "ADD" });
    const preview = await world.driver.update(urn, pipeline, news, { preview: true });
    expect(preview.state["specDigest"]).toBe(UNKNOWN);
    const updated = await world.driver.update(urn, pipeline, news);
    expect(updated.state["specDigest"]).not.toBe(pipeline.state["specDigest"]);
  });

  test("keeps what other pipelines of the device have, even when all are deployed at once", async () => {
    const device = await world.device("busy");
    const names = ["one", "two", "three"];
    await Promise.all(
      names.map(async (name) => {
        const inputs = await world.driver.checked(urn, { ...pipelineInputs("busy"), name });
        return await world.driver.create(urnOf("Pipeline", name), inputs);
      }),
    );
    expect(device.desired?.pipelines.map(({ name }) => name)).toEqual([...names].sort());
    // Gathered: the first may have left before the others came.
    expect(device.desired?.generation).toBeLessThanOrEqual(2);
  });

  test("runs two versions of a model of the same name, each pipeline by its own set", async () => {
    const { device } = await deployed("both");
    const second = {
      ...changed(pipelineInputs("both"), "detect.model", manifest("b")),
      name: "second",
    };
    await world.driver.create(urn, await world.driver.checked(urn, second));
    const [old, own] = device.desired?.models ?? [];
    expect([old?.name, own?.name]).toEqual(["people", "people"]);
    expect(old?.digest).not.toBe(own?.digest);
  });
});

describe("waiting", () => {
  test("says why it waits, each reason once, and never shows the camera's password", async () => {
    const before = world.engine.lines.length;
    const told = () => world.engine.lines.slice(before).map(({ text }) => text);
    const device = await world.device("talk");
    device.conduct = { state: "running", noFigures: true };
    const inputs = await world.driver.checked(urn, pipelineInputs("talk"));
    const creating = world.driver.create(urn, inputs);
    await vi.waitFor(
      () => expect(told()).toContain("running, waiting for the first figures"),
      5000,
    );
    device.conduct = { state: "running" };
    await creating;
    const lines = told();
    expect(lines.some((line) => /^running, \d+\.\d frames per second$/.test(line))).toBe(true);
    expect(lines.filter((line, index) => line === lines[index - 1])).toEqual([]);
    expect(JSON.stringify(world.engine.lines)).not.toContain("geheim");
  });

  test("ends at once when the device says what no waiting can heal, with the device's own words", async () => {
    const device = await world.device("final");
    device.conduct = { state: "failed", error: { code: "SOURCE_AUTH", ...FAILURE } };
    const inputs = await world.driver.checked(urn, pipelineInputs("final"));
    const failure = await failureFrom(world.driver.create(urn, inputs));
    expect(failure.init?.id).toBe("final/entrance");
    expect(failure.init?.reasons[0]).toMatch(/SOURCE_AUTH: final says: the camera said no/);
    expect(failure.init?.reasons[0]).toContain("next: ask it again");
  });

  test("ends at its timeout with the reason, keeps the state, and the next update goes on", async () => {
    const device = await world.device("partial");
    device.conduct = { state: "failed", error: { code: "SOURCE_UNREACHABLE", ...FAILURE } };
    const inputs = await world.driver.checked(urn, pipelineInputs("partial"));
    const { init } = await failureFrom(world.driver.create(urn, inputs, { timeout: 1 }));
    expect(init?.reasons[0]).toMatch(/PIPELINE_NOT_RUNNING.*the camera said no/);
    expect(init?.inputs).toEqual(inputs);
    expect(isSecretAt(init?.inputs, ["sources", "cam1", "uri"])).toBe(true);
    expect(init?.state["sources"]).toBeUndefined();

    const partial = { id: init?.id ?? "", inputs, state: init?.state ?? {} };
    expect((await world.driver.diff(urn, partial, inputs)).changes).toEqual({ state: "UPDATE" });
    device.conduct = { state: "running" };
    await device.report();
    const updated = await world.driver.update(urn, partial, inputs);
    expect(updated.state).toMatchObject({ state: "running" });
    expect((await world.driver.diff(urn, updated, inputs)).changes).toEqual({});
  });

  test.each([
    ["a device that was never online", "never", "was never online"],
    ["a device that does not answer", "mute", "has not yet accepted the change"],
    ["a pipeline without frames", "still", "running, no frame yet"],
  ])("for %s ends with that as reason", async (_what, name, reason) => {
    if (name !== "never") {
      const device = await world.device(name);
      device.conduct = { state: "running", framesPerMessage: 0, silent: name === "mute" };
    }
    const inputs = await world.driver.checked(urn, pipelineInputs(name));
    const { init } = await failureFrom(world.driver.create(urn, inputs, { timeout: 1 }));
    expect(init?.reasons[0]).toContain(reason);
  });

  test("ends at once when the device refuses the document", async () => {
    const device = await world.device("refuse");
    device.conduct = { state: "running", refuse: { code: "DESIRED_UNSIGNED", ...FAILURE } };
    const inputs = await world.driver.checked(urn, pipelineInputs("refuse"));
    const { init } = await failureFrom(world.driver.create(urn, inputs));
    expect(init?.reasons[0]).toContain("DESIRED_UNSIGNED");
  });

  test("is put off for a device that is away where the program skips those, and shows until it was made", async () => {
    const device = await world.device("away");
    const skip = changed(pipelineInputs("away"), "device.onUnreachable", "skip");
    const inputs = await world.driver.checked(urn, skip);
    await device.leave();
    const created = await world.driver.create(urn, inputs);
    expect(created.state["state"]).toBe("unreachable");
    await warned(
      "away is offline and will hear of entrance when it is back; the next `up` waits for it",
    );
    expect((await world.driver.diff(urn, created, inputs)).changes).toEqual({ state: "UPDATE" });
    const back = await world.device("away");
    const updated = await world.driver.update(urn, created, inputs);
    expect(updated.state["state"]).toBe("running");
    expect(back.desired?.pipelines).toHaveLength(1);
  });

  test("names another board with the device's identity, also when nothing comes of it", async () => {
    const { mqttUrl } = await world.hub.info();
    const file = join(world.dir, "twin.pem");
    const identity = await certifyDevice(world.hub, FLEET, "twin", file);
    /** A life of a board that never reports. */
    const lives = async (bootId: string) => {
      const topic = `jetfleet/v1/${FLEET}/twin/presence`;
      const presence = (online: boolean) => JSON.stringify({ online, bootId, seq: 1, atMs: 1 });
      const to = { qos: 1, retain: true } as const;
      const client = await connectAsync(mqttUrl, {
        ...{ key: identity.keyPem, cert: identity.certificatePem, ca: identity.caPem },
        ...{ clientId: `${FLEET}.twin`, protocolVersion: 4, reconnectPeriod: 0 },
        will: { topic, payload: Buffer.from(presence(false)), ...to },
      });
      client.on("error", () => {});
      await client.publishAsync(topic, presence(true), to);
      return client;
    };
    await lives("11-a");
    await lives("22-b");
    const older = await lives("11-a");
    await expect(lives("22-b")).rejects.toMatchObject({ code: 2 });
    const inputs = await world.driver.checked(urn, pipelineInputs("twin"));
    const { init } = await failureFrom(world.driver.create(urn, inputs, { timeout: 1 }));
    expect(init?.reasons[0]).toContain("no report from twin yet");
    await warned(
      "twin: another board, at 127.0.0.1, bears its identity, too, and is kept out; the one at 127.0.0.1 stays",
    );
    await older.endAsync();
  });

  test("is cancelled by the engine, with the state kept", async () => {
    const device = await world.device("cancel");
    device.conduct = { state: "starting" };
    const inputs = await world.driver.checked(urn, pipelineInputs("cancel"));
    const creating = failureFrom(world.driver.create(urn, inputs));
    await until(() => device.received.length > 0);
    await world.driver.cancel();
    const { init } = await creating;
    expect(init?.id).toBe("cancel/entrance");
    expect(init?.reasons[0]).toContain("CANCELLED");
  });
});

describe.concurrent("drift", () => {
  test.each(["failed", "stopped", "starting"] as const)(
    "of a pipeline that is %s shows in the refresh's inverted diff, and an update mends it",
    async (state) => {
      const { pipeline, device } = await deployed(`drift-${state}`);
      device.conduct = { state };
      await device.report();
      const read = await world.driver.read(urn, pipeline);
      expect(read.state["state"]).toBe(state);
      // A refresh passes what was read as old and the program's inputs as new.
      expect((await world.driver.diff(urn, read, pipeline.inputs)).changes).toEqual({
        state: "UPDATE",
      });
      expect((await world.driver.diff(urn, read, pipeline.inputs, ["state"])).changes).toEqual({});
      device.conduct = { state: "running" };
      await device.report();
      const mended = await world.driver.update(urn, read, pipeline.inputs);
      expect(mended.state["state"]).toBe("running");
    },
  );

  test("of a document that someone else changed reads as changed, of one that is gone as absent", async () => {
    const { pipeline } = await deployed("other");
    const news = await world.driver.checked(
      urn,
      changed(pipelineInputs("other"), "detect.minScore", 0.9),
    );
    await world.driver.update(urn, pipeline, news);
    expect((await world.driver.read(urn, pipeline)).state["state"]).toBe("changed");
    await world.driver.delete(urn, pipeline);
    expect((await world.driver.read(urn, pipeline)).state["state"]).toBe("absent");
  });

  test("is not claimed of a device that is offline: its state is kept, with a warning", async () => {
    const { pipeline, device } = await deployed("offline");
    await device.leave();
    expect(await world.driver.read(urn, pipeline)).toEqual(pipeline);
    await warned("offline/entrance keeps its last known state: offline is offline");
    await world.driver.delete(urn, pipeline);
    await warned("offline is offline; it will stop entrance when it is back");
  });
});

test("a device that refuses to stop a pipeline is named with its reason when time is over", async () => {
  const { pipeline, device } = await deployed("defiant");
  device.conduct = { state: "running", refuse: { code: "DESIRED_UNSIGNED", ...FAILURE } };
  const failure = await failureFrom(world.driver.delete(urn, pipeline, 2));
  expect(failure.message).toContain(
    `stop on defiant in time but got: defiant says ${FAILURE.message}`,
  );
});

describe("an import", () => {
  test("by the id alone finds what the hub has, as the program would declare it", async () => {
    const { pipeline } = await deployed("import");
    const found = await world.driver.read(urn, { id: "import/entrance", inputs: {}, state: {} });
    expect(found.id).toBe("import/entrance");
    expect(isSecretAt(found.inputs, ["sources", "cam1", "uri"])).toBe(true);
    expect((await world.driver.diff(urn, found, pipeline.inputs)).changes).toEqual({
      certifiedUntil: "ADD",
    });
    const updated = await world.driver.update(urn, found, pipeline.inputs);
    expect(updated.state["released"]).toEqual(pipeline.state["released"]);
  });

  test("of what is not there finds nothing, and of another id says how one looks", async () => {
    const absent = { id: "import/exit", inputs: {}, state: {} };
    expect((await world.driver.read(urn, absent)).id).toBe("");
    const failure = await failureFrom(world.driver.read(urn, { ...absent, id: "entrance" }));
    expect(failure.message).toMatch(/such as door\/entrance but got entrance/);
  });

  test("into another stack goes on there, and the former stack's end takes nothing away", async () => {
    const { pipeline, device } = await deployed("stacks");
    const other = urn.replace("test::project", "prod::project");
    const found = await world.driver.read(other, { id: "stacks/entrance", inputs: {}, state: {} });
    const news = await world.driver.checked(
      other,
      changed(pipelineInputs("stacks"), "detect.minScore", 0.7),
    );
    const taken = await world.driver.update(other, found, news);
    expect(device.desired?.pipelines[0]?.detect.minScore).toBe(0.7);
    await world.driver.delete(urn, pipeline);
    await warned(`entrance of stacks is of project/prod (${other}) by now and stays`);
    expect(device.desired?.pipelines).toHaveLength(1);
    await world.driver.delete(other, taken);
    expect(device.desired?.pipelines).toHaveLength(0);
  });
});

describe("diff", () => {
  const base: Resource = {
    id: "x/entrance",
    inputs: pipelineInputs("x"),
    state: { state: "running", released: RELEASED, certifiedUntil: "2099-01-01T00:00:00.000Z" },
  };
  const diff = (news: Properties) => world.driver.diff(urn, base, { ...news, state: "running" });

  test.each([
    ["name", "exit", ["name"], { name: "UPDATE_REPLACE" }],
    ["device.name", "y", ["device"], { "device.name": "UPDATE_REPLACE" }],
    ["device.board", "agx-xavier", [], { "device.board": "UPDATE" }],
    ["track", undefined, [], { track: "DELETE" }],
    ["detect.nmsIou", 0.3, [], { "detect.nmsIou": "ADD" }],
    ["detect.model.labels", ["person", "car"], [], { "detect.model.labels[1]": "ADD" }],
    ["detect.model.digest", UNKNOWN, [], { "detect.model.digest": "UPDATE" }],
    ["sources.cam1.uri", "rtsp://other/", [], { "sources.cam1.uri": "UPDATE" }],
    ["sources.cam1.uri", "rtsp://viewer:geheim@10.0.9.1/stream1", [], {}],
  ])("of %s to %j names that path", async (path, value, replaces, changes) => {
    const base = { ...changed(pipelineInputs("x"), path, value), state: "running" };
    const result = await diff(base);
    // The goal is an input that the old inputs of this table lack.
    const { state: _goal, ...rest } = result.changes;
    expect(rest).toEqual(changes);
    expect(result.replaces).toEqual(replaces);
  });

  test("of a pipeline that the former version deployed asks for its release", async () => {
    const former = { ...base, state: { state: "running" } };
    const news = { ...pipelineInputs("x"), state: "running" };
    const { changes } = await world.driver.diff(urn, former, news);
    expect(changes).toMatchObject({ released: "ADD" });
  });

  test("of a renamed pipeline stops the old one first, as both would want the camera", async () => {
    expect((await diff(changed(pipelineInputs("x"), "name", "exit"))).first).toBe(true);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
