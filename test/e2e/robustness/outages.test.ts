import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { FleetView } from "../../../fleet/view/index.ts";
import { tinyModel } from "../../native/tiny-model.ts";
import { FULL, LONG } from "../../support/long-form.ts";
import { Recorder } from "../support/recorder.ts";
import { Recoveries } from "../support/recoveries.ts";
import { ShapedNetwork } from "../support/shaped-network.ts";
import { DEVICE, SmallWorld } from "../support/small-world.ts";

const MINUTE = 60_000;
/** How long the broker cannot be reached; long enough for every keep-alive to run out in the full form. */
const BROKER_OUTAGE_MS = FULL ? 2 * MINUTE : 10_000;

/** How long the network is slow; telemetry that only queues up is by then later than it may be. */
const SLOW_MS = 2 * MINUTE;

/** One board, its camera and its hub, with the network between board and hub in our hands. */
describe("a board that delivers frames", { timeout: 6 * MINUTE }, () => {
  let world: SmallWorld;
  let network: ShapedNetwork;
  let recorder: Recorder;
  /** The hub as the board sees it. */
  let hubUrl: string;
  const recoveries = new Recoveries();

  beforeAll(async () => {
    network = new ShapedNetwork();
    world = await SmallWorld.create();
    await world.startCamera();
    const { httpUrl, mqttUrl } = await world.reachHubThrough(network);
    hubUrl = httpUrl;
    await world.configure({ hubUrl });
    const up = await world.up();
    expect(up.code, up.text).toBe(0);
    await world.moveBroker(mqttUrl);
    recorder = await Recorder.start(world.mqttUrl, world.demo.paths.operatorFile, DEVICE);
    await recorder.framesAgain(Date.now(), 2 * MINUTE);
    await world.demo.statusUntil("all is well", ({ healthy }) => healthy, MINUTE);
  }, 6 * MINUTE);
  afterAll(async () => {
    await recoveries.tell();
    await recorder?.close();
    network?.close();
    await world?.end();
  }, MINUTE);

  it("goes on by itself when its camera was unplugged and is back", async () => {
    await world.camera?.stop();
    const view = await world.demo.statusUntil(
      "the camera is told to be lost",
      ({ problems }) => problems.some(({ code }) => code === "SOURCE_UNREACHABLE"),
      MINUTE,
    );
    expect(errorsOf(view)).toEqual([
      expect.objectContaining({ device: DEVICE, pipeline: "entrance" }),
    ]);
    await world.startCamera();
    await back("camera unplugged", said(view), Date.now());
    expect(kindsOf(recorder)).toEqual(expect.arrayContaining(["source-lost", "source-playing"]));
  });

  it("keeps its events while the broker cannot be reached, and sends every one afterwards", async () => {
    const before = await lastEvent();
    network.cut();
    const outageEnd = delay(BROKER_OUTAGE_MS);
    const view = await world.demo.statusUntil("silence", isAbsent, MINUTE);
    expect(said(view)).toBe("AGENT_OFFLINE: connected, but it sends no figures");
    await world.camera?.stop();
    await until(async () => (await lastEvent()) > before, "an event of the lost camera");
    await world.startCamera();
    await outageEnd;

    network.restore();
    await back(`broker unreachable for ${BROKER_OUTAGE_MS / 1000} s`, said(view), Date.now());
    expect(recorder.events.at(-1)?.seq).toBeGreaterThan(before);
  });

  it("comes back to a hub that was killed and started again", async () => {
    await world.killHub();
    const status = await world.demo.jetfleet("status");
    expect(status.code).toBe(2);
    expect(status.text).toMatch(/HUB_UNREACHABLE: Expected the hub at .* connect ECONNREFUSED/);
    // The hub keeps no events for listeners that are away, so ours is there before the board.
    network.cut();
    await world.startHub();
    await recorder.until("the listener is back", () => recorder.connected, MINUTE);
    network.restore();
    await back("hub killed and started", "HUB_UNREACHABLE", Date.now());
  });

  it("starts by itself after its power was cut, and no event is lost or numbered twice", async () => {
    await world.cutPower();
    const view = await world.demo.statusUntil(
      "the board is offline",
      ({ devices }) => devices[0]?.presence === "offline",
      MINUTE,
    );
    expect(said(view)).toContain("AGENT_OFFLINE");
    const powerBackAtMs = Date.now();
    await world.startBoard();
    await back("power cut", said(view), powerBackAtMs);
    expect(kindsOf(recorder)).toContain("agent-started");
  });

  it.runIf(FULL)(
    `tells the newest frames over a network of 100 kbit/s, and leaves out what is too much${LONG}`,
    async () => {
      await world.camera?.stop();
      // More than twice what the network carries.
      await world.startCamera({ fps: 60 });
      await recorder.framesAgain(Date.now(), MINUTE);
      network.limit(100_000);
      recorder.longestWayMs = 0;
      const sinceMs = Date.now();
      await recorder.framesAgain(sinceMs + SLOW_MS, SLOW_MS + MINUTE);
      const view = await world.demo.status();
      expect(view.devices[0]?.presence).toBe("online");
      expect(recorder.longestWayMs).toBeLessThan(10_000);
      network.limit(Number.POSITIVE_INFINITY);
      const late = `online; frames at most ${(recorder.longestWayMs / 1000).toFixed(1)} s late`;
      await back("network of 100 kbit/s", late, Date.now());
      await world.camera?.stop();
      await world.startCamera();
    },
  );

  it.runIf(FULL)(
    `takes an update over a network of 100 kbit/s while telemetry goes on${LONG}`,
    async () => {
      const model = `${world.model}.large`;
      await writeFile(model, withDocumentation(tinyModel(), 250_000));
      const digest = sha256Digest(await readFile(model));
      await world.client().putObject(digest, model);
      network.limit(100_000);
      await world.configure({ hubUrl, model });
      const startedAtMs = Date.now();
      const up = world.up();
      const view = await world.demo.statusUntil("the board fetches", isFetching, MINUTE);
      expect(view.devices[0]?.presence).toBe("online");
      expect((await up).code, (await up).text).toBe(0);
      await recorder.until("the new model is told", () => recorder.model === digest, MINUTE);
      const { fetchedBytes, totalBytes } = view.devices[0]?.update ?? {};
      const text = `fetching ${fetchedBytes} of ${totalBytes} bytes, online`;
      await back("update of 250 kB over 100 kbit/s", text, startedAtMs);
      network.limit(Number.POSITIVE_INFINITY);
    },
  );

  /** Frames flow, `status` is content, and every event that the board has written has arrived, in one chain. */
  async function back(outage: string, status: string, sinceMs: number): Promise<void> {
    recoveries.add(outage, status, await recorder.framesAgain(sinceMs, 3 * MINUTE));
    const view = await world.demo.statusUntil("all is well", ({ healthy }) => healthy, MINUTE);
    expect(errorsOf(view)).toEqual([]);
    const last = await lastEvent();
    await recorder.until(
      `event ${last} has arrived`,
      () => (recorder.events.at(-1)?.seq ?? 0) >= last,
      MINUTE,
    );
    expect(recorder.gaps()).toEqual([]);
  }

  /** Number of the newest event on the board's disk: of one that waits there, or of the last that went. */
  async function lastEvent(): Promise<number> {
    const folder = world.onBoard("var/lib/jetfleet/events");
    const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
    const numbers = await Promise.all(files.map((name) => numberIn(path.join(folder, name))));
    return Math.max(0, ...numbers);
  }
});

/** 0 for a file that was sent and removed meanwhile; the journal's head then has its number. */
async function numberIn(file: string): Promise<number> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? 0 : (JSON.parse(text) as { seq: number }).seq;
}

function said(view: FleetView): string {
  return view.problems.map(({ code, message }) => `${code}: ${message}`).join("; ");
}

/** Without warnings: after an outage a pipeline may be below its budget for some seconds. */
function errorsOf({ problems }: FleetView): FleetView["problems"] {
  return problems.filter(({ severity }) => severity === "error");
}

function kindsOf({ events }: Recorder): string[] {
  return events.map(({ kind }) => kind);
}

function isAbsent({ devices }: FleetView): boolean {
  return ["silent", "offline"].includes(devices[0]?.presence ?? "");
}

function isFetching({ devices }: FleetView): boolean {
  const { state, fetchedBytes = 0, totalBytes = 0 } = devices[0]?.update ?? {};
  return state === "fetching" && fetchedBytes > 0 && fetchedBytes < totalBytes;
}

/** The same model with a long `doc_string` (field 6 of ONNX's ModelProto). */
function withDocumentation(model: Uint8Array, length: number): Buffer {
  const size: number[] = [];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) size.push((rest % 128) | 128);
  const head = Buffer.from([(6 << 3) | 2, ...size, rest]);
  return Buffer.concat([model, head, Buffer.alloc(length, "x")]);
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + MINUTE; !(await condition()); await delay(100)) {
    if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
  }
}
