import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FleetFeed } from "../../../fleet/hub/client/index.ts";
import { CARD_FILE } from "../../../fleet/sim/board/card-files.ts";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Device", "door");
const WAIT = { timeout: 30_000 };

/** The provider, the real agent, and a simulated PC whose card does nothing, or worse. */
describe("a PC with a card", { timeout: 120_000 }, () => {
  let dir: string;
  let world: World;
  let board: SimulatedBoard;
  let feed: FleetFeed;
  let device: Resource;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-pc-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
    world = await createWorld();
    board = await startBoard({
      name: "door",
      board: "x86",
      dir: join(dir, "board"),
      authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
    });
    feed = await FleetFeed.open(world.config["hubUrl"] as string, world.hub);
  }, 60_000);
  afterAll(async () => {
    await feed?.close();
    await board?.stop();
    await world?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const inputs = (change: Properties = {}) =>
    world.driver.checked(urn, {
      ...{ name: "door", address: "127.0.0.1", port: board.info.sshPort, board: "x86" },
      ...{ ssh: { privateKeyPath: join(dir, "key") }, ...change },
    });
  const play = (state: string) => board.exec(`echo ${state} > ${CARD_FILE}`);
  const shown = () => feed.view().devices.find(({ name }) => name === "door");
  const troubleKind = () => shown()?.figures?.cards?.trouble?.kind;
  const warnings = () =>
    world.engine.lines
      .filter(({ severity, ephemeral }) => severity === 2 && !ephemeral)
      .map(({ text }) => text)
      .join("\n");

  test("becomes a device, and its driver is told", async () => {
    device = await world.driver.create(urn, await inputs());
    expect(device.state).toMatchObject({
      ...{ board: "x86", module: "x86-t4", driver: "535.183.01", cuda: "12.2" },
      ...{ jetpack: null, tensorrt: null, tensorrtRtx: null, online: true, agent: "active" },
    });
    expect(warnings()).toBe("");
  });

  test("tells its card's figures, which a runner asks for and not the agent", async () => {
    await expect.poll(() => shown()?.figures?.cards?.cards, WAIT).toHaveLength(1);
    expect(shown()?.figures?.cards).toMatchObject({
      cards: [
        {
          ...{ index: 0, name: "Tesla T4", gpuPercent: 0, decoderPercent: null, fault: null },
          ...{ memoryTotalBytes: 15360 * 2 ** 20, powerLimitMilliwatts: 70_000 },
          clockReasons: ["gpu_idle"],
        },
      ],
      trouble: null,
    });
    expect(shown()?.figures).toMatchObject({ gpuPercent: 0 });
    expect(shown()?.figures?.temperaturesCelsius).toHaveProperty("GPU");
    const parents = await board.exec(
      "for one in /proc/[0-9]*; do tr '\\0' ' ' < $one/cmdline | grep -q '[n]vidia-smi.*query' && stat -L -c %U $one; done | sort -u",
    );
    expect(parents.stdout.trim()).toBe(process.getuid?.() === 0 ? "jetfleet-runner" : "root");
  });

  test("that loses its card says so, and that it is back", async () => {
    await play("lost");
    await expect.poll(troubleKind, WAIT).toBe("card-lost");
    expect(feed.view().problems).toMatchObject([{ code: "CARD_LOST", severity: "error" }]);
    expect(feed.view().problems[0]?.message).toContain("card 0 (Tesla T4 at 00000000:01:00.0)");
    await play("ok");
    await expect.poll(troubleKind, WAIT).toBeUndefined();
    const told = () => shown()?.events.map(({ kind }) => kind) ?? [];
    await expect.poll(told, WAIT).toEqual(expect.arrayContaining(["cards-trouble", "cards-told"]));
  });

  test("whose driver was replaced without a boot is told before it is changed", async () => {
    await play("version-mismatch");
    device = await world.driver.update(urn, device, await inputs({ labels: { site: "basel" } }));
    expect(device.state).toMatchObject({ driver: "535.183.01", cuda: null, online: true });
    expect(warnings()).toMatch(
      /models run on the processor while its card .*Driver\/library version mismatch.*Reboot it/,
    );
    await expect.poll(troubleKind, WAIT).toBe("version-mismatch");
    expect(feed.view().problems).toMatchObject([{ code: "CARD_FIGURES", severity: "warning" }]);
    await play("ok");
  });

  test("has no power mode", async () => {
    const failure = await failureFrom(
      world.driver.update(urn, device, await inputs({ powerMode: "MAXN" })),
    );
    expect(failure.message).toContain("BOARD_POWER_MODE");
    expect(failure.init).toBeUndefined();
  });

  test("without a driver is no board yet, and is told what to install", async () => {
    await board.powerCut();
    const away = await failureFrom(world.driver.update(urn, device, await inputs()));
    expect(away.message).toMatch(
      /The hub heard from it last \d+ s ago, at .* UTC\. Its agent started last \d+ (s|min) ago, .*It may be rebooting/,
    );
    board.behaviour.card = "no-driver";
    await board.boot();
    const failure = await failureFrom(world.driver.update(urn, device, await inputs()));
    expect(failure.message).toMatch(
      /BOARD_LACKS.*driver of the NVIDIA card in 127\.0\.0\.1:\d+ \(10de:1eb8 at 0000:01:00\.0\)/,
    );
    // It went on as the board was back: it is another matter now.
    expect(failure.message).toContain("ubuntu-drivers install");
    expect(failure.init).toBeUndefined();
    await board.powerCut();
    board.behaviour.card = "ok";
    await board.boot();
  });

  test("is left as it was", async () => {
    await world.driver.delete(urn, device);
    const left = "ls -d /opt/jetfleet /etc/jetfleet /etc/systemd/system/jetfleet* 2>/dev/null";
    expect((await board.exec(left)).stdout).toBe("");
    const { stdout } = await board.exec("pgrep -f [n]vidia-smi || true");
    expect(stdout).toBe("");
  });
});
