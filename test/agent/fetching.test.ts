import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Reported } from "../../fleet/contract/index.ts";
import { allRun, hex, settled } from "./support/deploying.ts";
import { DEVICE } from "./support/desired.ts";
import { ObjectServer, stallAfter, status } from "./support/object-server.ts";
import { worldForEach } from "./support/story.ts";
import type { AgentWorld } from "./support/world.ts";

let world: AgentWorld;
const { deploy, now, running } = worldForEach((opened) => {
  world = opened;
});
const objectFiles = () => readdirSync(join(world.stateDir, "objects")).sort();

describe("an update", () => {
  it("whose bytes on the way are not what was signed keeps the former model until they are", async () => {
    world.start();
    const [good] = await deploy(1, { bytes: "good one" });
    await running(1);
    const from = now();
    world.objects.spoil("good two");
    await deploy(2, { bytes: "good two", missing: true });
    const wrong = ({ updates }: Reported) => updates?.[0]?.error?.code === "ARTIFACT_DIGEST";
    expect(await world.reported(wrong, from)).toMatchObject({
      updates: [{ state: "fetching" }],
      pipelines: [{ state: "running", model: { digest: good } }],
    });
    const later = now();
    world.objects.put("good two");
    expect((await running(2, later)).updates).toMatchObject([{ state: "committed", error: null }]);
  });

  it("waits for an object that the hub does not hold yet, and says so", async () => {
    world.start();
    const [digest] = await deploy(1, { bytes: "good one", missing: true });
    const waiting = await world.reported(
      ({ updates }) => updates?.[0]?.error?.code === "ARTIFACT_MISSING",
    );
    expect(waiting.update).toMatchObject({ state: "fetching", fetchedBytes: 0, totalBytes: 8 });
    expect(world.objects.put("good one")).toBe(digest);
    expect((await running(1)).pipelines[0]?.error).toBeNull();
  });

  it("is given up when the hub refuses the device, and what runs runs on", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    world.objects.script.push(status(401));
    const from = now();
    await deploy(2, { bytes: "good two" });
    const reported = await world.reported(settled(2, "rolled-back"), from);
    expect(reported).toMatchObject({
      updates: [{ error: { code: "HUB_REFUSED" } }],
      pipelines: [{ state: "running" }],
    });
  });

  it("that does not fit on the disk says how much is missing, and goes on when there is room", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    await world.terminate();
    world.installTool("df", "echo head; echo /dev/mmcblk0p1 100 90 10 90% /");
    const from = now();
    world.start();
    await deploy(2, { bytes: "good two" });
    const isFull = ({ updates }: Reported) => updates?.[0]?.error?.code === "BOARD_DISK_FULL";
    const reported = await world.reported((r) => isFull(r) && allRun(r), from);
    expect(reported).toMatchObject({ generation: 2, updates: [{ state: "fetching" }] });
    expect(reported.updates?.[0]?.error?.message).toMatch(/\d+ bytes are missing/);
    world.installTool("df", "echo head; echo /dev/mmcblk0p1 1000000 90 999910 1% /");
    expect((await running(2, from)).updates).toMatchObject([{ state: "committed", error: null }]);
  });

  it("gives way to a newer document while it is still fetching", async () => {
    world.start();
    world.objects.script.push(stallAfter(3));
    await deploy(1, { bytes: "good one" });
    await world.reported(({ update }) => update.state === "fetching" && update.fetchedBytes === 3);
    const givenWay = Date.now();
    const [second] = await deploy(2, { bytes: "good two" });
    expect((await running(2)).pipelines[0]?.model.digest).toBe(second);
    expect(objectFiles()).toEqual([hex(second)]);
    // A download that stands still is given up after 15 s.
    expect(Date.now() - givenWay).toBeLessThan(14_000);
  });

  it("shows its certificate to its hub", async () => {
    world.start();
    await deploy(1, { bytes: "good one" });
    await running(1);
    const objects = world.objects.requests.filter(({ peer }) => peer === DEVICE);
    expect(objects).toHaveLength(world.objects.requests.length);
  });

  it("fetches from another origin as nobody", async () => {
    const elsewhere = await ObjectServer.start();
    elsewhere.put("good one");
    world.start();
    world.artifactUrl = elsewhere.url;
    await deploy(1, { bytes: "good one" });
    await running(1);
    expect(elsewhere.requests).toEqual([{}]);
    await elsewhere.stop();
  });

  it("keeps the objects of the set before and removes older ones", async () => {
    world.start();
    const digests: string[] = [];
    for (const [index, bytes] of ["good 1", "good 2", "good 3"].entries()) {
      const from = now();
      digests.push(...(await deploy(index + 1, { bytes })));
      await running(index + 1, from);
    }
    expect(objectFiles()).toEqual(digests.slice(1).map(hex).sort());
  });
});
