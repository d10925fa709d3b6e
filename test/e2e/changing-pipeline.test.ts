/**
 * One pipeline through its life, each change by `pulumi up` with the real agent: what secondary models say arrives over MQTT,
 * sources come and go beside one that does not notice, and regions of a picture are taken and left.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DetectedFrame, TrackedObject } from "../../fleet/contract/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import { type Camera, startCamera } from "../../fleet/sim/camera/index.ts";
import type { RegionSpec } from "../../fleet/spec/index.ts";
import { COCO, data, ffmpeg, hasData, needsData } from "../native/addon.ts";
import { FULL, LONG } from "../support/long-form.ts";
import { DeviceListener } from "./support/device-listener.ts";
import { type SharedModel, type SharedPipeline, SharedProgram } from "./support/shared-program.ts";
import { DEVICE, SmallWorld } from "./support/small-world.ts";

const MINUTE = 60_000;
/** Engines are built and runners begin, on a busy machine. */
const PATIENCE = MINUTE;
const SLOWLY = { timeout: 4 * MINUTE };
/** What two encoded copies of a picture make of a box's edge. */
const SAME_PX = 12;

const kinds = Array.from({ length: 1000 }, (_, at) => `kind ${at}`);
const models = {
  detector: { model: data("models/yolox_nano.onnx"), labels: COCO },
  kinds: { model: data("models/mobilenet_v2_int8_qdq.onnx"), labels: kinds },
  people: { model: data("models/person_reid_0288.onnx"), labels: ["person"], decoder: "reid" },
  faces: { model: data("models/yunet_n_320.onnx"), labels: ["face"] },
} satisfies Record<string, SharedModel>;
const digestOf = ({ model }: SharedModel) => sha256Digest(readFileSync(model));

const kind = { of: models.kinds, minScore: 0 };
const who = { of: models.people, labels: ["person"], refreshMs: 1000 };

const why = hasData ? LONG : needsData;

describe.runIf(FULL && hasData)(`a pipeline changed by pulumi up${why}`, SLOWLY, () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-changing-"));
  const uris: Record<string, string> = {};
  const cameras: Camera[] = [];
  let world: SmallWorld;
  let program: SharedProgram;
  let device: DeviceListener;

  beforeAll(async () => {
    // One who looks at the camera; slowly, for two cameras and three models on a busy machine.
    const clip = join(folder, "clip.mp4");
    const from = ["-ss", "33.5", "-i", data("videos/one-by-one-person-detection.mp4")];
    const slow = ["-vf", "setpts=N/5/TB", "-r", "5", "-frames:v", "15", "-an"];
    ffmpeg(...from, ...slow, ...["-c:v", "libx264", "-bf", "0", "-g", "5"], clip);
    world = await SmallWorld.create("agx-xavier");
    // The same beside itself: what is seen in one half must be seen in the other.
    const wide = join(folder, "wide.mp4");
    const twice = ["-vf", "split[a][b];[a][b]hstack"];
    ffmpeg("-i", clip, ...twice, ...["-c:v", "libx264", "-bf", "0", "-g", "5"], wide);
    for (const name of ["left", "right", "third", "wide"]) {
      const camera = await startCamera({ file: name === "wide" ? wide : clip, loop: true });
      cameras.push(camera);
      uris[name] = camera.rtspUrl;
    }
    program = await SharedProgram.create(world, "changing");
    device = await DeviceListener.start(world.client(), DEVICE);
  }, 3 * MINUTE);
  afterAll(async () => {
    await device?.close();
    for (const camera of cameras) await camera.stop();
    await world?.end();
    rmSync(folder, { recursive: true, force: true });
  }, MINUTE);

  const declared = (
    sources: string[],
    secondary?: SharedPipeline["secondary"],
    regions?: RegionSpec[],
  ): SharedPipeline => ({
    ...{ name: "entrance", ...models.detector, minScore: 0.3, isTracked: true },
    sources: Object.fromEntries(sources.map((name) => [name, uris[name] ?? ""])),
    ...(regions && { regions }),
    ...(secondary && { secondary }),
  });
  const up = async (...change: Parameters<typeof declared>) => {
    const { code, text } = await program.up([declared(...change)]);
    expect(code, text).toBe(0);
  };
  const runners = async () => (await world.demo.ssh(DEVICE, "pgrep -f 'agent.cjs runner$'")).text;
  const engines = async () => {
    const { text } = await world.demo.jetfleet("engines", "--json");
    const { devices } = JSON.parse(text) as { devices: { engines: { model: string }[] }[] };
    return devices.flatMap((one) => one.engines.map(({ model }) => model)).sort();
  };
  const shown = async () => {
    const { devices } = await world.demo.status();
    const [pipeline] = devices[0]?.pipelines ?? [];
    return pipeline ?? expect.fail("no pipeline");
  };
  /** Objects of a source of which a secondary model has said something, in frames from a place on. */
  const told = (name: string, source: string, from = 0) =>
    device.framesOf(source, from).flatMap((frame) => saidIn(frame, name));

  it("has a classifier's answer with each object of both sources, in frames and figures", async () => {
    await up(["left", "right"], { kind });
    for (const source of ["left", "right"]) {
      await device.until(`${source}'s answers`, () => told("kind", source).length > 0, PATIENCE);
      expect(told("kind", source)[0]?.attributes?.["kind"]).toEqual({
        label: expect.stringMatching(/^kind \d+$/),
        score: expect.any(Number),
      });
    }
    const { stats } = await shown();
    expect(stats?.secondary).toMatchObject([{ name: "kind", model: digestOf(models.kinds) }]);
    expect(stats?.secondary?.[0]?.lookedTotal).toBeGreaterThan(0);
    const screen = world.demo.console();
    try {
      await screen.awaitText(/door\/entrance/);
      screen.resize(120, 50);
      screen.keys("Enter");
      await screen.awaitText(/secondary kind: \d+ objects looked at in \d+ runs/);
    } finally {
      screen.close();
    }
  });

  it("refuses one that detects in the preview, before anything of it is sent", async () => {
    const desired = () => world.client().getRetained(DEVICE, "desired");
    const before = await desired();
    const faces = { of: models.faces };
    const { code, text } = await program.preview([declared(["left", "right"], { kind, faces })]);
    expect(code).not.toBe(0);
    const words = text.replace(/\s+/g, " ");
    expect(words).toMatch(/secondary\.faces\.model.*must be a model of decoder classification/);
    expect(words).toMatch(/but is one of yunet.*Name a classifier or a re-identification model/);
    expect(existsSync(world.demo.hubObject(digestOf(models.kinds)))).toBe(true);
    expect(existsSync(world.demo.hubObject(digestOf(models.faces)))).toBe(false);
    expect(await desired()).toEqual(before);
  });

  it("takes a second one by an update: people have vectors, and all their kinds still", async () => {
    const from = device.frames.length;
    await up(["left", "right"], { kind, who });
    await device.until("vectors", () => told("who", "right", from).length > 0, PATIENCE);
    const people = told("who", "right", from);
    expect(new Set(people.map(({ label }) => label))).toEqual(new Set(["person"]));
    for (const { attributes } of people) {
      const said = attributes?.["who"];
      expect(said && "vector" in said ? lengthOf(said.vector) : said).toBeCloseTo(1, 4);
    }
    const both = () => told("who", "right", from).filter(({ attributes }) => attributes?.["kind"]);
    await device.until("both of one object", () => both().length > 0, PATIENCE);
    const { stats } = await shown();
    expect(stats?.secondary?.map(({ name }) => name)).toEqual(["kind", "who"]);
    const used = [models.detector, models.kinds, models.people];
    expect(await engines()).toEqual(used.map(digestOf).sort());
  });

  it("has a third source come and the first go, while the second does not notice", async () => {
    const ranBefore = { runners: await runners(), engines: await engines() };
    const viewBefore = await shown();
    await device.nextStats(PATIENCE);
    const figuresBefore = device.sourceStats("right");
    const [from, eventsFrom] = [device.frames.length, device.events.length];
    await up(["right", "third"], { kind, who });
    await device.until("the third's answers", () => told("kind", "third").length > 5, PATIENCE);
    await device.nextStats(PATIENCE);

    const right = device.framesOf("right", from).map(({ index }) => index);
    const [first = 0, last = 0] = [right[0], right.at(-1)];
    const figures = device.sourceStats("right");
    expect(right).toEqual([...new Set(right)].sort((one, other) => one - other));
    const dropped = figures.droppedTotal - figuresBefore.droppedTotal;
    const missing = last - first + 1 - right.length;
    expect(missing, "frames that no figure accounts for").toBeLessThanOrEqual(dropped);
    expect(first).toBeGreaterThanOrEqual(figuresBefore.framesTotal - 1);
    expect(figures.framesTotal).toBeGreaterThan(figuresBefore.framesTotal);
    expect(figures.reconnects).toBe(figuresBefore.reconnects);

    const changes = device.events.slice(eventsFrom);
    expect(changes.filter(({ kind }) => kind === "sources-changed")).toMatchObject([
      { data: { added: ["third"], removed: ["left"], sources: ["right", "third"] } },
    ]);
    expect(changes.map(({ kind }) => kind)).not.toContain("engine-built");
    const sources = device.stats.at(-1)?.sources?.map(({ name }) => name);
    expect(new Set(sources)).toEqual(new Set(["right", "third"]));
    const later = device.frames.length;
    await device.until("more frames", () => device.framesOf("right", later).length > 5, PATIENCE);
    expect(device.framesOf("left", later)).toEqual([]);

    expect({ runners: await runners(), engines: await engines() }).toEqual(ranBefore);
    const { sinceMs, restarts } = viewBefore;
    expect(await shown()).toMatchObject({ sinceMs, restarts });
  });

  const half = { top: 0, width: 0.5, height: 1 };
  /** Frames of the wide camera in which somebody is seen, those in one half apart from the other's. */
  const halves = (from: number) =>
    device
      .framesOf("wide", from)
      .map(({ width, detections }) => {
        const people = detections.filter(({ label }) => label === "person");
        const within = (left: number) =>
          people.flatMap(({ box: [x, y, w, h] }) =>
            x + w / 2 >= left && x + w / 2 < left + width / 2 ? [[x - left, y, w, h]] : [],
          );
        return { left: within(0), right: within(width / 2) };
      })
      .filter(({ left, right }) => left.length + right.length > 0);

  it("sees the halves of a wide picture each by itself, and tells of both in the whole", async () => {
    const from = device.frames.length;
    await up(["wide"], undefined, [
      { left: 0, ...half },
      { left: 0.5, ...half },
    ]);
    await device.until("ten frames", () => halves(from).length >= 10, PATIENCE);
    for (const { left, right } of halves(from)) {
      expect(right.length).toBe(left.length);
      for (const [n, box] of left.entries()) {
        for (const [side, pixels] of box.entries()) {
          expect(Math.abs(pixels - (right[n]?.[side] ?? 0))).toBeLessThan(SAME_PX);
        }
      }
    }
    const indices = device.framesOf("wide", from).map(({ index }) => index);
    expect(indices, "one answer for each frame").toEqual([...new Set(indices)]);
    await device.nextStats(PATIENCE);
    expect(device.stats.at(-1)?.batch).toBeDefined();
    expect((await shown()).stats?.secondary ?? []).toEqual([]);
  });

  it("sees one half alone once an update takes the other out, and all when it names none", async () => {
    const before = device.frames.length;
    await up(["wide"], undefined, [{ left: 0.5, ...half }]);
    await device.until("five frames", () => halves(before).length >= 5, PATIENCE);
    const alone = device.frames.length;
    await device.until("five more", () => halves(alone).length >= 5, PATIENCE);
    expect(halves(alone).flatMap(({ left }) => left)).toEqual([]);
    await up(["wide"]);
    const all = device.frames.length;
    const seesBoth = () => halves(all).some(({ left, right }) => left.length * right.length > 0);
    await device.until("both halves", seesBoth, PATIENCE);
  });
});

function saidIn({ tracks = [] }: DetectedFrame, name: string): TrackedObject[] {
  return tracks.filter(({ attributes }) => attributes?.[name] !== undefined);
}

/** Of float32, little-endian, in base64. */
function lengthOf(vector: string): number {
  const bytes = Buffer.from(vector, "base64");
  const values = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
  return Math.hypot(...values);
}
