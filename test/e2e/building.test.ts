/**
 * A build of an engine as people see it, by `pulumi up`, status and the console's view, on a simulated board whose builds
 * last. It takes minutes and runs with JETFLEET_TEST_FULL alone; test/agent/building.test.ts shows the same of an agent.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { locateHub, openFeed } from "../../cli/hub-location.ts";
import type { EngineBuild } from "../../fleet/contract/index.ts";
import type { FleetFeed } from "../../fleet/hub/client/index.ts";
import { buildWords, type FleetView } from "../../fleet/view/index.ts";
import { tinyModel } from "../native/tiny-model.ts";
import { FULL } from "../support/long-form.ts";
import type { UpAnswer } from "./support/run-pulumi.ts";
import { DEVICE, SmallWorld } from "./support/small-world.ts";

const MINUTE = 60_000;
const STATE = "/var/lib/jetfleet";
/** Beside what the board has on it when it boots. */
const DISK_ROOM_KIB = 300 * 1024;
/** Less than the agent keeps free for its own files. */
const LEFT_KIB = 20 * 1024;
const SLOW = { buildSeconds: 20 };
const CUTS = 10;
/** Longer than a board takes to boot and a busy machine to tell of it. */
const CUT = { buildSeconds: 40 };
/** What is told later than this may be over by the time that it is seen. */
const LAST = 0.85;

describe.runIf(FULL)("a build on a simulated board", { timeout: 15 * MINUTE }, () => {
  let world: SmallWorld;
  /** As the console and status have it; a process for each look would come too late. */
  let feed: FleetFeed;
  const told: string[] = [];

  beforeAll(async () => {
    world = await SmallWorld.create();
    await world.stopBoard();
    await world.startBoard(SLOW);
    await world.startCamera();
    await world.configure();
    feed = await openFeed(await locateHub({}));
  }, 3 * MINUTE);
  afterAll(async () => {
    if (told.length > 0) console.log(told.join("\n"));
    await feed?.close();
    await world?.end();
  }, MINUTE);

  async function seenUntil(
    what: string,
    wanted: (view: FleetView) => boolean,
    withinMs: number,
  ): Promise<FleetView> {
    let view = feed.view();
    for (const end = performance.now() + withinMs; !wanted(view); view = feed.view()) {
      if (performance.now() > end) {
        const { devices, problems } = view;
        const now = JSON.stringify({ update: devices[0]?.pipelines[0]?.update, problems });
        throw new Error(`not within ${withinMs} ms: ${what}; was ${now}`);
      }
      await delay(50);
    }
    return view;
  }

  const updateOf = ({ devices }: FleetView) => devices[0]?.pipelines[0]?.update ?? null;
  const buildOf = (view: FleetView): EngineBuild | null => updateOf(view)?.build ?? null;

  async function building(from: number): Promise<EngineBuild> {
    const view = await seenUntil(
      `a build of ${from} and more`,
      (seen) => (buildOf(seen)?.progress ?? -1) >= from,
      5 * MINUTE,
    );
    return buildOf(view)!;
  }

  const runs = (view: FleetView): boolean => view.healthy && updateOf(view)?.state === "committed";

  /** Another model of the same name, and `up` of it. */
  async function upOf(
    score: number,
    change = (bytes: Uint8Array) => bytes,
    options: { pipelineTimeout?: string; deadlineMs?: number } = {},
  ): Promise<UpAnswer> {
    const source = path.join(world.demo.paths.state, `tiny-${score}.onnx`);
    await writeFile(source, change(tinyModel({ score })));
    await world.configure({ model: source });
    return await world.up(options);
  }

  async function eventsOf(kind: string): Promise<string[]> {
    const view = await seenUntil("a look", () => true, MINUTE);
    return (view.devices[0]?.events ?? [])
      .filter((one) => one.kind === kind)
      .map((one) => one.message);
  }

  /** Changes the agent's own settings, and starts it again. */
  async function setting(change: Record<string, unknown>): Promise<void> {
    const file = world.onBoard("etc/jetfleet/agent.json");
    const config = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...config, ...change }));
    await onBoard("sudo systemctl restart jetfleet-agent");
  }

  async function onBoard(command: string): Promise<void> {
    const { code, text } = await world.demo.ssh(DEVICE, command);
    expect(code, text).toBe(0);
  }

  /** What `jetfleet status` says of what a build waits for. */
  async function waits(code: string): Promise<void> {
    const isWaiting = (view: FleetView) => buildOf(view)?.waitsFor?.code === code;
    await seenUntil(code, isWaiting, 2 * MINUTE);
    const { text } = await world.demo.jetfleet("status");
    const line = text.replace(/\s+/g, " ");
    const [words] = /building \w+ for cpu: .*; it waits: .* while/.exec(line) ?? [line];
    told.push(`status: ${words}`);
    expect(words).toContain("it waits: Expected");
  }

  /** What `up` said meanwhile. */
  function expectWaits({ code, text }: UpAnswer, ...wanted: RegExp[]): void {
    expect(code, text).toBe(0);
    for (const words of wanted) {
      expect(text).toMatch(words);
      told.push(`up: ${new RegExp(words.source).exec(text)?.[0]}`);
    }
  }

  it("is told in preview, by `up` while it waits, and in status, with its progress and as simulated", async () => {
    const up = world.up({ preview: true });
    const build = await building(0.2);
    expect(build).toMatchObject({ accelerator: "cpu", simulatedMs: 20_000 });
    told.push(buildWords(build));
    const status = await world.demo.jetfleet("status");
    expect(status.text.replace(/\s+/g, " ")).toMatch(
      /building \w+ for cpu: \d+ %, .* as it is simulated to last 20 s/,
    );
    const { code, text } = await up;
    expect(code, text).toBe(0);
    expect(text).toMatch(/building \w+ for cpu: .* to go, as it is simulated to last 20 s/);
    expect(text).toMatch(/whether an engine must be built|engine of .* must be built/);
    await seenUntil("all is well", runs, MINUTE);
  });

  it(`outlives power cuts at ${CUTS} points of it: what ran goes on, and no half engine is loaded`, async () => {
    const before = await eventsOf("engine-built");
    const ran = feed.view().devices[0]?.pipelines[0]?.engine;
    expect(ran).toBeTruthy();
    await world.stopBoard();
    await world.startBoard(CUT);
    const up = upOf(0.8, undefined, { pipelineTimeout: "14m", deadlineMs: 14 * MINUTE });
    for (let cut = 0; cut < CUTS; cut += 1) {
      const { progress } = await building((LAST * (cut + 0.3)) / CUTS);
      await world.cutPower();
      await world.startBoard(CUT);
      const back = await seenUntil(
        "the board is back with what ran, and begins anew",
        (view) =>
          view.devices[0]?.presence === "online" &&
          view.devices[0].pipelines[0]?.state === "running" &&
          (buildOf(view)?.progress ?? 0) < progress,
        2 * MINUTE,
      );
      const { engine } = back.devices[0]!.pipelines[0]!;
      told.push(
        `power cut at ${Math.round(100 * progress)} %: then engine ${engine?.digest.slice(7, 15)} runs, update ${updateOf(back)?.state}`,
      );
      expect(engine).toEqual(ran);
    }
    const { code, text } = await up;
    expect(code, text).toBe(0);
    const end = await seenUntil("all is well", runs, 2 * MINUTE);
    const { engine } = end.devices[0]!.pipelines[0]!;
    told.push(`after ${CUTS} power cuts: engine ${engine?.digest.slice(7, 15)} runs, committed`);
    expect(engine?.digest).not.toBe(ran?.digest);
    expect(await eventsOf("engine-built")).toHaveLength(before.length + 1);
    expect(await eventsOf("engine-refused")).toEqual([]);
    await world.stopBoard();
    await world.startBoard(SLOW);
  });

  it("waits on a hot board and on a starved one, each with its reason", async () => {
    await setting({ coolCelsius: 1 });
    const up = upOf(0.7, undefined, { pipelineTimeout: "6m" });
    await waits("BOARD_HOT");
    await setting({ coolCelsius: 75 });
    await building(0.1);
    await onBoard(
      "sudo sh -c 'cp /proc/meminfo /tmp/m; sed \"s/^MemAvailable:.*/MemAvailable: 20000 kB/\" /tmp/m > /proc/.m; mv /proc/.m /proc/meminfo'",
    );
    await waits("BOARD_MEMORY_LOW");
    await onBoard("sudo ln -sfn /run/jetfleet-sim/proc/meminfo /proc/meminfo");
    expectWaits(await up, /it waits: .* °C/, /it waits: .* memory/);
  });

  it("that a newer version calls off ends in seconds", async () => {
    // An `up` that is over leaves the build to the device.
    const first = await upOf(0.6, undefined, { pipelineTimeout: "20s" });
    expect(first.code).not.toBe(0);
    expect(first.text).toMatch(/building \w+ for cpu: /);
    const begun = await building(0);
    const second = upOf(0.5);
    const atMs = performance.now();
    const view = await seenUntil(
      "another model is built",
      (seen) => (buildOf(seen)?.modelDigest ?? begun.modelDigest) !== begun.modelDigest,
      MINUTE,
    );
    told.push(
      `another model is built ${((performance.now() - atMs) / 1000).toFixed(1)} s after \`up\` began`,
    );
    expect(buildOf(view)?.elapsedMs).toBeLessThan(10_000);
    const { code, text } = await second;
    expect(code, text).toBe(0);
  });

  it("that cannot be, by no device, is refused before anything moves", async () => {
    const spoilt = (bytes: Uint8Array): Uint8Array =>
      Buffer.from(Buffer.from(bytes).toString("latin1").replace("Identity", "Nonesuch"), "latin1");
    const { code, text } = await upOf(0.45, spoilt);
    expect(code).not.toBe(0);
    expect(text).toContain("Nonesuch");
    expect(buildOf(await world.demo.status())).toBeNull();
  });

  /** The last, for such a disk is empty again after a power cut. */
  it("waits on a full disk, with its reason, while what ran goes on", async () => {
    const used = await world.demo.ssh(DEVICE, "sudo du -skc /opt /var | tail -n 1");
    const diskKib = Number.parseInt(used.text, 10) + DISK_ROOM_KIB;
    await world.stopBoard();
    await world.startBoard({ ...SLOW, diskLimitBytes: diskKib * 1024 });
    await seenUntil(
      "the board is back",
      ({ devices: [door] }) =>
        door?.presence === "online" && door.pipelines[0]?.state === "running",
      2 * MINUTE,
    );
    const up = upOf(0.65, undefined, { pipelineTimeout: "6m" });
    await building(0.1);
    const leftKib = `$(( $(df -Pk ${STATE} | awk 'END { print $4 }') - ${LEFT_KIB} ))`;
    await onBoard(`sudo fallocate -l ${leftKib}K ${STATE}/full`);
    await waits("BOARD_DISK_FULL");
    expect(feed.view().devices[0]?.pipelines[0]).toMatchObject({ state: "running", restarts: 0 });
    await onBoard(`sudo rm ${STATE}/full`);
    expectWaits(await up, /it waits: .* disk/);
  });
});
