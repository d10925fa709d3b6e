import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inspectPart, seal, sealPart, sha256Digest } from "../../../fleet/release/index.ts";
import { changed, pipelineInputs } from "./inputs.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import type { FakeDevice } from "./support/fake-device.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Pipeline", "entrance");

// Each begins with two deployments, which are watched for two seconds.
vi.setConfig({ testTimeout: 60_000 });

let world: World;
let device: FakeDevice;
/** Deployed twice, so that there is an older version of it. */
let pipeline: Resource;
let next: Resource["inputs"];

beforeEach(async () => {
  world = await createWorld();
  device = await world.device("door");
  const inputs = await world.driver.checked(urn, pipelineInputs("door"));
  const first = await world.driver.create(urn, inputs);
  const second = await inputsWith(0.55);
  pipeline = await world.driver.update(urn, first, second);
  next = await inputsWith(0.6);
});
afterEach(() => world.close());

function inputsWith(minScore: number) {
  return world.driver.checked(urn, changed(pipelineInputs("door"), "detect.minScore", minScore));
}

async function rejectionOf(call: Promise<unknown>): Promise<string> {
  const { message, init } = await failureFrom(call);
  return [message, ...(init?.reasons ?? [])].join("\n");
}

const folder = (...names: string[]) => join(world.dir, "hub", "deploy", ...names);

/** Changes the hub's own files while it is down. */
async function tamper(change: () => void): Promise<void> {
  await device.leave();
  await world.stopHub();
  change();
  await world.startHub();
}

function parts() {
  return readdirSync(folder("parts"))
    .map((file) => inspectPart(JSON.parse(readFileSync(folder("parts", file), "utf8"))))
    .sort((a, b) => a.document.number.n - b.document.number.n);
}

function chooseAtHub(part: string): void {
  const file = folder("selections", "door.json");
  const selection = JSON.parse(readFileSync(file, "utf8")) as {
    choices: { entrance: { part: string } };
  };
  selection.choices.entrance.part = part;
  writeFileSync(file, JSON.stringify(selection));
}

/** The signer with a hub that gives it something else than was signed last. */
describe("a hub that was changed behind the program's back", () => {
  test("with an old version put back: nothing is signed, and the difference is named", async () => {
    const old = parts().find(({ document }) => document.kind === "pipeline");
    await tamper(() => chooseAtHub(old!.digest));
    const before = parts().length;
    const error = await rejectionOf(world.driver.update(urn, pipeline, next));
    expect(error).toContain("HUB_CONTENT_DIFFERS");
    expect(error).toContain("entrance of door as it was signed last, number 2");
    expect(error).toContain("an older one, number 1");
    expect(parts()).toHaveLength(before);
  });

  test("with another device's pipeline: it is neither signed nor sent, nor is what it holds", async () => {
    const yard = await world.driver.checked(urn, {
      ...pipelineInputs("yard"),
      sources: { cam1: { uri: "rtsp://viewer:fremd@10.0.9.2/stream1" } },
    });
    await world.device("yard");
    await world.driver.create(urnOf("Pipeline", "yard"), yard);
    const theirs = parts().find(
      ({ document, envelope }) =>
        document.kind === "pipeline" && envelope.payload.includes("fremd"),
    );
    await tamper(() => chooseAtHub(theirs!.digest));
    const error = await rejectionOf(world.driver.update(urn, pipeline, next));
    expect(error).toContain("HUB_CONTENT_DIFFERS");
    expect(error).toContain("for yard");
    expect(error).not.toContain("fremd");
  });

  test("that forgot its data: the difference is named; a refresh sees it, and then it is released anew", async () => {
    await tamper(() => {
      rmSync(folder(), { recursive: true });
      rmSync(join(world.dir, "hub", "retained", "door", "desired"));
    });
    expect(await rejectionOf(world.driver.update(urn, pipeline, next))).toContain(
      "HUB_CONTENT_DIFFERS",
    );
    const read = await world.driver.read(urn, pipeline);
    expect(read.state["state"]).toBe("absent");
    const back = await world.device("door");
    back.memory = { ...device.memory, asks: null };
    await back.report();
    const mended = await world.driver.update(urn, read, next);
    expect(mended.state).toMatchObject({
      state: "running",
      released: { part: { number: { epoch: 0, n: 3 } } },
    });
    expect(back.desired?.refused).toEqual([]);
  });

  test("with a part of a newer version: it is not used, and nothing of it is signed", async () => {
    const [key] = [readFileSync(join(world.dir, "sign.pem"), "utf8")];
    const newest = parts().findLast(({ document }) => document.kind === "pipeline")!;
    const newer = { ...newest.document, contract: 3, number: { epoch: 0, n: 9 }, novelty: true };
    const envelope = seal("pipeline", newer, key!);
    await tamper(() => {
      const digest = sha256Digest(envelope.payload);
      writeFileSync(folder("parts", `${digest.slice(7)}.json`), JSON.stringify(envelope));
      chooseAtHub(digest);
    });
    expect(await rejectionOf(world.driver.update(urn, pipeline, next))).toContain(
      "HUB_CONTENT_DIFFERS",
    );
  });

  test("with a version that the same key signed elsewhere meanwhile: the next number is above it", async () => {
    const key = readFileSync(join(world.dir, "sign.pem"), "utf8");
    const newest = parts().findLast(({ document }) => document.kind === "pipeline")!;
    const later = { ...newest.document, number: { epoch: 0, n: 7 } };
    const envelope = sealPart(later, key);
    await tamper(() => {
      const digest = sha256Digest(envelope.payload);
      writeFileSync(folder("parts", `${digest.slice(7)}.json`), JSON.stringify(envelope));
      chooseAtHub(digest);
    });
    const back = await world.device("door");
    const updated = await world.driver.update(urn, pipeline, next);
    expect(updated.state).toMatchObject({ released: { part: { number: { n: 8 } } } });
    expect(back.desired?.pipelines[0]?.detect.minScore).toBe(0.6);
  });

  test("a device's claim far above is not taken for a number", async () => {
    const part = device.memory.parts["pipeline/entrance"]!;
    const number = { epoch: 0, n: 2 ** 40 };
    device.memory.parts["pipeline/entrance"] = { ...part, number };
    await device.report();
    expect(await rejectionOf(world.driver.update(urn, pipeline, next))).toContain("PART_JUMP");
  });
});

describe("another program", () => {
  test("cannot take a pipeline that is there, and its own neighbours' failures are not its own", async () => {
    const rivalUrn = "urn:pulumi:other::project::jetfleet:index:Pipeline::entrance";
    expect(await rejectionOf(world.driver.create(rivalUrn, await inputsWith(0.7)))).toContain(
      "PIPELINE_OWNED",
    );
    device.conduct = {
      state: "running",
      giveUp: { bad: { code: "MODEL_INVALID", message: "it aborts", hint: "", atMs: 1 } },
    };
    const of = async (name: string) =>
      await world.driver.checked(rivalUrn, { ...pipelineInputs("door"), name });
    const [bad, good] = await Promise.allSettled([
      world.driver.create(urnOf("Pipeline", "bad"), await of("bad")),
      world.driver.create(urnOf("Pipeline", "good"), await of("good")),
    ]);
    expect([bad.status, good.status]).toEqual(["rejected", "fulfilled"]);
  });
});
