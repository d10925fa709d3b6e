import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { StubRuntime } from "./support/stub-runtime.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Device", "door");
const BEFORE = { powerMode: "MODE_15W_DESKTOP", clocks: "dynamic", fanProfile: "quiet" };
const ASKED = { powerMode: "MODE_30W_ALL", clocks: "max", fanProfile: "cool" };

describe("how a device's board is set to run", { timeout: 120_000 }, () => {
  let dir: string;
  let world: World;
  let board: SimulatedBoard;
  let device: Resource;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-controls-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
    world = await createWorld(new StubRuntime(join(dir, "runtime")));
    board = await startBoard({
      name: "door",
      board: "agx-xavier",
      dir: join(dir, "board"),
      authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
    });
  }, 60_000);
  afterAll(async () => {
    await board.stop();
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const inputs = (change: Properties = {}) =>
    world.driver.checked(urn, {
      ...{ name: "door", address: "127.0.0.1", port: board.info.sshPort },
      ...{ ssh: { privateKeyPath: join(dir, "key") }, ...change },
    });
  const onBoard = async (command: string) => (await board.exec(command)).stdout.trim();
  /** What the board's own tools say. */
  const settings = async () =>
    onBoard("nvpmodel -q; nvfancontrol -q | head -n 1; jetson_clocks --show | grep GPU");
  async function driftOf(known: Resource) {
    const read = await world.driver.read(urn, known);
    return { read, drift: (await world.driver.diff(urn, read, known.inputs)).changes };
  }

  test("is put into effect before the agent starts that tells of it", async () => {
    device = await world.driver.create(urn, await inputs(ASKED));
    expect(device.state).toMatchObject(ASKED);
    expect(await settings()).toBe(
      "NV Power Mode: MODE_30W_ALL\n3\nFAN1:FAN_PROFILE:cool\nGPU MinFreq=900000000 MaxFreq=900000000 CurrentFreq=900000000",
    );
    expect(await driftOf(device)).toEqual({ read: device, drift: {} });
  });

  test("stays so over a power cut", async () => {
    await board.powerCut();
    await board.boot();
    await expect
      .poll(settings, { timeout: 60_000 })
      .toMatch(/MODE_30W_ALL\n3\nFAN1:FAN_PROFILE:cool\nGPU MinFreq=900000000 MaxFreq=900000000/);
  });

  test("is drift where somebody else changed it, and put right by the next update", async () => {
    await onBoard("nvpmodel -m 1; jetson_clocks --restore /opt/jetfleet/former-clocks");
    await onBoard("sed -i s/PROFILE:cool/PROFILE:quiet/ /var/lib/nvfancontrol/status");
    const { read, drift } = await driftOf(device);
    expect(drift).toMatchObject({ powerMode: "UPDATE", clocks: "UPDATE", fanProfile: "UPDATE" });
    device = await world.driver.update(urn, read, device.inputs);
    expect(device.state).toMatchObject(ASKED);
    expect(await settings()).toContain("GPU MinFreq=900000000 MaxFreq=900000000");
  });

  test.each<[Properties, RegExp]>([
    [{ powerMode: "MODE_31W" }, /BOARD_POWER_MODE.*one of MAXN, .*got MODE_31W/],
    [{ fanProfile: "loud" }, /BOARD_FAN.*one of cool, quiet, .*got loud/],
  ])("is refused before anything is changed: %o", async (change, message) => {
    const unknown = await inputs({ ...ASKED, ...change });
    const failure = await failureFrom(world.driver.update(urn, device, unknown));
    expect(failure.message).toMatch(message);
    expect(failure.init).toBeUndefined();
  });

  test("is as it was, of what the program asks for no more, and is no drift", async () => {
    device = await world.driver.update(urn, device, await inputs({ clocks: "max" }));
    expect(device.state).toMatchObject({ ...BEFORE, clocks: "max" });
    expect(await settings()).toBe(
      "NV Power Mode: MODE_15W_DESKTOP\n7\nFAN1:FAN_PROFILE:quiet\nGPU MinFreq=675000000 MaxFreq=675000000 CurrentFreq=675000000",
    );
    await onBoard("sed -i s/PROFILE:quiet/PROFILE:cool/ /var/lib/nvfancontrol/status");
    const { read, drift } = await driftOf(device);
    expect([read.state["fanProfile"], drift]).toEqual(["cool", {}]);
    await onBoard("sed -i s/PROFILE:cool/PROFILE:quiet/ /var/lib/nvfancontrol/status");
  });

  test("is as it was when the device is destroyed", async () => {
    await world.driver.delete(urn, device);
    expect(await settings()).toBe(
      "NV Power Mode: MODE_15W_DESKTOP\n7\nFAN1:FAN_PROFILE:quiet\nGPU MinFreq=114750000 MaxFreq=675000000 CurrentFreq=114750000",
    );
    expect(await onBoard("ls -d /opt/jetfleet /etc/systemd/system/jetfleet* 2>/dev/null")).toBe("");
    expect(world.engine.lines.filter(({ severity }) => severity === 2)).toEqual([]);
  });
});
