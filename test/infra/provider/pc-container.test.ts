import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FleetFeed } from "../../../fleet/hub/client/index.ts";
import { CONTAINER_FILE, CONTAINER_FOLDER } from "../../../fleet/sim/board/container-files.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { FULL } from "../../support/long-form.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { BEHIND, type OpenBoard, startOpenBoard } from "./support/open-board.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Device", "door");
const WAIT = { timeout: 30_000 };
const IMAGE = `nvcr.io/nvidia/deepstream@sha256:${"ab".repeat(32)}`;
const OTHER = `nvcr.io/nvidia/tensorrt@sha256:${"cd".repeat(32)}`;

/** The provider, the real agent, and a simulated PC whose docker and podman are a client without namespaces. */
describe.each(FULL ? (["docker", "podman"] as const) : (["docker"] as const))(
  `a PC whose agent runs in containers of %s, behind ${BEHIND}`,
  { timeout: 180_000 },
  (runtime) => {
    let dir: string;
    let world: World;
    let open: OpenBoard;
    let feed: FleetFeed;
    let device: Resource;

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "jetfleet-container-"));
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
      world = await createWorld();
      open = await startOpenBoard({
        ...{ name: "door", board: "x86", dir: join(dir, "board") },
        authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
        behaviour: { containers: "ok" },
      });
      feed = await FleetFeed.open(world.config["hubUrl"] as string, world.hub);
    }, 60_000);
    afterAll(async () => {
      await feed?.close();
      await open?.board.stop();
      await world?.close();
      rmSync(dir, { recursive: true, force: true });
    });

    const inputs = (change: Properties = {}) =>
      world.driver.checked(urn, {
        ...{ name: "door", address: "127.0.0.1", port: open.port, board: "x86" },
        ssh: { privateKeyPath: join(dir, "key"), hostKey: open.hostKey },
        container: { runtime, image: IMAGE },
        ...change,
      });
    const onBoard = async (command: string) => (await open.board.exec(command)).stdout.trim();
    const play = (state: string) => onBoard(`echo ${state} > ${CONTAINER_FILE}`);
    const images = () => onBoard("ls /var/lib/jetfleet-simulated-images 2>/dev/null | wc -l");
    const running = () =>
      onBoard(`ls ${CONTAINER_FOLDER} 2>/dev/null | sed 's/[0-9].*//' | sort -u`);
    const shown = () => feed.view().devices.find(({ name }) => name === "door");
    const statuses = () => world.engine.lines.map(({ text }) => text).join("\n");

    test.each<[string, RegExp]>([
      [
        "none",
        new RegExp(`BOARD_CONTAINER.*it has no ${runtime}.*set container\\.runtime to`, "s"),
      ],
      ["old", /BOARD_CONTAINER.*(19\.03, and 20\.10|3\.4, and 4\.1) is needed/s],
      [
        "no-nvidia",
        /BOARD_CONTAINER.*(no NVIDIA runtime.*nvidia-ctk runtime configure|nvidia-ctk cdi generate)/s,
      ],
      ...(runtime === "docker"
        ? ([
            [
              "daemon-down",
              /BOARD_CONTAINER.*Is the docker daemon running.*systemctl enable --now docker/s,
            ],
          ] as [string, RegExp][])
        : []),
    ])("is refused before anything is changed: %s", async (state, message) => {
      if (state === "none") {
        const absent = "printf '#!/bin/sh\\nexit 127\\n' >";
        await onBoard(`cd /usr/local/bin; cp ${runtime} .away; ${absent} ${runtime}`);
      }
      await play(state);
      const failure = await failureFrom(world.driver.create(urn, await inputs()));
      expect(failure.message).toMatch(message);
      expect(failure.init).toBeUndefined();
      expect(await onBoard("ls -d /opt/jetfleet /etc/jetfleet/owner.json 2>/dev/null")).toBe("");
      if (state === "none") await onBoard(`cd /usr/local/bin; cat .away > ${runtime}`);
    });

    /** What the engines have in common is tried with one of them. */
    const isFull = runtime === "docker";
    const common: [string, RegExp][] = [
      ["pull-breaks", /BOARD_IMAGE.*TLS handshake timeout.*Run `up` again: the layers/s],
      ["disk-full", /BOARD_DISK_FULL.*no space left on device.*system df/s],
      ["other-architecture", /BOARD_IMAGE.*linux\/arm64 and not of linux\/amd64/s],
      ["bare-image", /BOARD_IMAGE.*it has no GStreamer/s],
      ["no-start", /BOARD_CONTAINER.*nvml error: driver not loaded/s],
    ];
    test.each(isFull ? common : common.slice(0, 1))(
      "has nothing started of an image that is not fit: %s",
      async (state, message) => {
        await play(state);
        const failure = await failureFrom(world.driver.create(urn, await inputs()));
        expect(failure.init?.reasons[0]).toMatch(message);
        expect(await onBoard("ls /etc/systemd/system | grep jetfleet || true")).toBe("");
        expect(await running()).toBe("");
      },
    );

    test("becomes a device, its agent in a container and each runner in another", async () => {
      await play("ok");
      device = await world.driver.create(urn, await inputs());
      expect(device.state).toMatchObject({ online: true, agent: "active", board: "x86" });
      await expect.poll(() => shown()?.figures?.cards?.cards, WAIT).toHaveLength(1);
      expect(await running()).toBe("jetfleet-agent\njetfleet-runner-");
      const users = `for one in ${CONTAINER_FOLDER}/*; do stat -L -c %U /proc/$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' $one); done | sort -u`;
      if (process.getuid?.() === 0) expect(await onBoard(users)).toBe("jetfleet\njetfleet-runner");
      expect(await images()).toBe("1");
    });

    test("has its pull told, and no drift", async () => {
      expect(statuses()).toMatch(/pulling the image on the board: \d of \d layers/);
      const read = await world.driver.read(urn, device);
      expect((await world.driver.diff(urn, read, device.inputs)).changes).toEqual({});
    });

    if (isFull) anyEngine();
    function anyEngine() {
      test("is drift whose image, or whose launcher, somebody changed", async () => {
        await onBoard("mv /var/lib/jetfleet-simulated-images /var/lib/away");
        let read = await world.driver.read(urn, device);
        expect(read.state["agent"]).toBe("changed");
        await onBoard("mv /var/lib/away /var/lib/jetfleet-simulated-images");
        await onBoard(`sed -i s,${IMAGE},${OTHER}, /opt/jetfleet/container.sh`);
        read = await world.driver.read(urn, device);
        expect(read.state["agent"]).toBe("changed");
        device = await world.driver.update(urn, read, device.inputs);
        expect(device.state).toMatchObject({ online: true, agent: "active" });
      });

      test("starts a container that somebody removed anew", async () => {
        const before = await onBoard(`cat ${CONTAINER_FOLDER}/jetfleet-agent`);
        await onBoard(`${runtime} rm --force jetfleet-agent`);
        const now = () => onBoard(`cat ${CONTAINER_FOLDER}/jetfleet-agent 2>/dev/null`);
        await expect.poll(now, WAIT).toMatch(/"part":"agent"/);
        expect(await now()).not.toBe(before);
      });

      test("comes back from a power cut in its container", async () => {
        await open.board.powerCut();
        await open.board.boot();
        await expect.poll(running, WAIT).toContain("jetfleet-agent");
      });

      test("gets another image, and the one before goes when the agent is well", async () => {
        device = await world.driver.update(
          urn,
          device,
          await inputs({ container: { runtime, image: OTHER } }),
        );
        expect(device.state).toMatchObject({ online: true, agent: "active" });
        expect(await onBoard("sed -n 2p /opt/jetfleet/container.sh")).toBe(`# ${runtime} ${OTHER}`);
        await expect.poll(images, WAIT).toBe("1");
        const noted = () => onBoard("cat /opt/jetfleet/images");
        await expect.poll(noted, WAIT).toBe(`${runtime} ${OTHER}`);
      });

      test("gets the image before back when no agent comes up in the new one", async () => {
        await expect.poll(() => onBoard("ls /var/lib/jetfleet/healthy"), WAIT).not.toBe("");
        await play("agent-hangs");
        const failing = failureFrom(world.driver.update(urn, device, await inputs()));
        const spent = () => onBoard("cat /opt/jetfleet/former/spent 2>/dev/null");
        await expect.poll(spent, { timeout: 60_000 }).not.toBe("");
        expect(await onBoard("sed -n 2p /opt/jetfleet/container.sh")).toContain(IMAGE);
        // The minutes that a board has are not waited for.
        await play("ok");
        await onBoard("echo 3 > /opt/jetfleet/former/seconds");
        expect((await failing).init?.reasons[0]).toMatch(/AGENT_REVERTED/);
        expect(await onBoard("sed -n 2p /opt/jetfleet/container.sh")).toContain(OTHER);
        await expect.poll(running, WAIT).toContain("jetfleet-agent");
      });
    }

    test("is left as it was", async () => {
      await world.driver.delete(urn, device);
      expect(
        await onBoard(
          "ls -d /opt/jetfleet /etc/jetfleet /etc/systemd/system/jetfleet* 2>/dev/null",
        ),
      ).toBe("");
      expect(await running()).toBe("");
      expect(await images()).toBe("0");
    });
  },
);
