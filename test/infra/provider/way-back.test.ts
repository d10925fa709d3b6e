import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { FULL } from "../../support/long-form.ts";
import { failureFrom } from "./support/driver.ts";
import { StubRuntime } from "./support/stub-runtime.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Device", "door");

let world: World;
let board: SimulatedBoard;
let runtime: StubRuntime;
let dir: string;

beforeAll(async () => {
  if (!FULL) return;
  dir = mkdtempSync(join(tmpdir(), "jetfleet-way-back-"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
  runtime = new StubRuntime(join(dir, "runtime"));
  world = await createWorld(runtime);
  board = await startBoard({
    ...{ name: "door", board: "agx-xavier", dir: join(dir, "board") },
    authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
  });
});
afterAll(async () => {
  await board?.stop();
  await world?.close();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const onBoard = async (command: string) => (await board.exec(command)).stdout.trim();
const inputs = () =>
  world.driver.checked(urn, {
    ...{ name: "door", address: "127.0.0.1", port: board.info.sshPort },
    ssh: { privateKeyPath: join(dir, "key") },
  });

test.runIf(FULL)(
  "a board whose new agent never reaches the hub gets the former one back, also over a power cut",
  {
    timeout: 240_000,
  },
  async () => {
    const device = await world.driver.create(urn, await inputs());
    await expect
      .poll(() => onBoard("ls /var/lib/jetfleet/healthy"), { timeout: 10_000 })
      .not.toBe("");
    const former = await onBoard("readlink /opt/jetfleet/current");
    runtime.version = "mute";
    const failing = failureFrom(world.driver.update(urn, device, await inputs()));
    // The minutes that a board has are not waited for.
    const spent = () => onBoard("cat /opt/jetfleet/former/spent 2>/dev/null");
    await expect.poll(spent, { timeout: 60_000 }).not.toBe("");
    expect(await onBoard("cat /opt/jetfleet/current/version.txt")).toBe("mute");
    await board.powerCut();
    await world.driver.cancel();
    await failing;
    await board.boot();
    await onBoard("echo 3 > /opt/jetfleet/former/seconds");
    await expect
      .poll(() => onBoard("readlink /opt/jetfleet/current"), { timeout: 30_000 })
      .toBe(former);
    await expect
      .poll(() => onBoard("ls -d /opt/jetfleet/former /var/lib/jetfleet/healthy 2>/dev/null"), {
        timeout: 30_000,
      })
      .toBe("/var/lib/jetfleet/healthy");
    expect(await onBoard("cat /opt/jetfleet/current/version.txt")).toBe("one");

    const failure = failureFrom(world.driver.update(urn, device, await inputs()));
    await expect.poll(spent, { timeout: 60_000 }).not.toBe("");
    await onBoard("echo 3 > /opt/jetfleet/former/seconds");
    expect((await failure).init?.reasons[0]).toMatch(/AGENT_REVERTED.*the former one came back/);
    await world.driver.delete(urn, device);
    const paths = "/opt/jetfleet /etc/jetfleet /var/lib/jetfleet /etc/systemd/system/jetfleet-*";
    expect(await onBoard(`ls -d ${paths} 2>/dev/null`)).toBe("");
  },
);
