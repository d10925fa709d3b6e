import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HubClient } from "../../../fleet/hub/client/index.ts";
import { digestFile } from "../../../fleet/provision/runtime/release.ts";
import type { SimulatedBoard } from "../../../fleet/sim/board/index.ts";
import { type Properties, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { BEHIND, type OpenBoard, startOpenBoard } from "./support/open-board.ts";
import { StubRuntime } from "./support/stub-runtime.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Device", "door");

let world: World;
let open: OpenBoard;
let board: SimulatedBoard;
let runtime: StubRuntime;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-device-"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
  runtime = new StubRuntime(join(dir, "runtime"));
  world = await createWorld(runtime);
  open = await startOpenBoard({
    name: "door",
    board: "agx-xavier",
    dir: join(dir, "board"),
    authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
  });
  board = open.board;
});
afterAll(async () => {
  await board.stop();
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

function declaration(change: Properties = {}): Properties {
  return {
    name: "door",
    address: "127.0.0.1",
    port: open.port,
    board: "agx-xavier",
    ssh: { privateKeyPath: join(dir, "key") },
    ...change,
  };
}

function inputs(change: Properties = {}): Promise<Properties> {
  return world.driver.checked(urn, declaration(change));
}

async function onBoard(command: string): Promise<string> {
  return (await board.exec(command)).stdout.trim();
}

function programOf(of: string): string {
  return of === urn ? "project/test" : "other/prod";
}

/** Diff of what a refresh reads, the way the engine asks for it. */
async function driftOf(
  device: Resource,
): Promise<{ read: Resource; drift: Record<string, string> }> {
  const read = await world.driver.read(urn, device);
  return { read, drift: (await world.driver.diff(urn, read, device.inputs)).changes };
}

describe(`a device on a simulated board behind ${BEHIND}`, { timeout: 90_000 }, () => {
  let device: Resource;

  test("is previewed without touching the board", async () => {
    const preview = await world.driver.create(urn, await inputs(), { preview: true });
    expect(preview).toMatchObject({
      id: "door",
      state: {
        board: "agx-xavier",
        agent: "active",
        online: true,
        hostKey: UNKNOWN,
        module: UNKNOWN,
        jetpack: UNKNOWN,
        tensorrt: UNKNOWN,
        libraryFaults: UNKNOWN,
        powerMode: UNKNOWN,
      },
    });
    expect(await onBoard("ls /opt/jetfleet 2>/dev/null")).toBe("");
  });

  test("declared as another board is refused, naming both, and nothing is installed", async () => {
    const failure = await failureFrom(world.driver.create(urn, await inputs({ board: "tx2" })));
    expect(failure.message).toMatch(/BOARD_MISMATCH.*tx2.*agx-xavier/);
    expect(failure.init).toBeUndefined();
    expect(await onBoard("ls /opt/jetfleet 2>/dev/null")).toBe("");
  });

  test("with another host key than the pinned one is refused", async () => {
    const ssh = { privateKeyPath: join(dir, "key"), hostKey: `SHA256:${"A".repeat(43)}` };
    const failure = await failureFrom(world.driver.create(urn, await inputs({ ssh })));
    expect(failure.message).toContain("SSH_HOST_KEY_MISMATCH");
  });

  test("that lacks what every pipeline needs is refused before anything is changed, unless it may be installed", async () => {
    const tool = (name: string, text: string) =>
      board.exec(
        `printf '#!/bin/sh\\n%s\\n' "${text}" > /usr/local/bin/${name}; chmod +x /usr/local/bin/${name}`,
      );
    await tool("gst-inspect-1.0", "echo 'coreelements:  fakesink: Fake Sink'");
    const refused = await failureFrom(world.driver.create(urn, await inputs()));
    expect(refused.message).toMatch(/BOARD_LACKS.*GStreamer lacks parsebin, videoconvert; /);
    expect(refused.message).toContain("apt-get install gstreamer1.0-libav");
    expect(await onBoard("ls /opt/jetfleet 2>/dev/null; ls /etc/jetfleet")).toBe("");

    await tool("apt-get", "echo 'E: Unable to fetch some archives'; exit 100");
    const install = await inputs({ packages: "install" });
    const offline = await failureFrom(world.driver.create(urn, install));
    expect(offline.message).toMatch(
      /BOARD_LACKS.*apt-get update: E: Unable to fetch some archives/,
    );
    expect(offline.init).toBeDefined();

    // What is carried there is what apt-get is asked to install.
    const deb = join(dir, "codec.deb");
    mkdirSync(join(dir, "codec/DEBIAN"), { recursive: true });
    const control =
      "Package: codec\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\n";
    writeFileSync(join(dir, "codec/DEBIAN/control"), `${control}Description: x\n`);
    execFileSync("dpkg-deb", ["--build", join(dir, "codec"), deb]);
    const digest = await digestFile(deb);
    const packageFiles = [{ path: deb, digest }];
    await tool("apt-get", "echo E: asked for \\$*; exit 100");
    const carrying = await inputs({ packages: "install", packageFiles });
    const asked = await failureFrom(world.driver.create(urn, carrying));
    const there = `/opt/jetfleet/.packages/${digest.slice(7)}.deb`;
    expect(asked.message).toContain(`install ${there} gstreamer1.0-libav`);
    expect(await onBoard(`sha256sum < ${there}`)).toContain(digest.slice(7));
    const vain = await world.driver.check(urn, declaration({ packageFiles }));
    expect(vain.failures).toEqual([
      expect.objectContaining({ property: "packageFiles" }) as { property: string; reason: string },
    ]);
    await onBoard("rm -r /usr/local/bin/gst-inspect-1.0 /usr/local/bin/apt-get /opt/jetfleet");
    await onBoard("rm -rf /etc/jetfleet/*");
  });

  test("is created: facts, runtime, credentials, unit, and online at the hub", async () => {
    device = await world.driver.create(urn, await inputs());
    expect(device.state).toMatchObject({
      board: "agx-xavier",
      module: "agx-xavier",
      jetpack: "5.1.2",
      tensorrt: "8.5.2",
      libraryFaults: [],
      l4t: "35.4.1",
      powerMode: "MODE_15W_DESKTOP",
      simulated: true,
      hostKey: open.hostKey,
      agent: "active",
      enabled: true,
      online: true,
      runtime: "0.0.0+one",
    });
    expect(await onBoard("readlink /opt/jetfleet/current")).toMatch(/^releases\/[0-9a-f]{16}$/);
    expect(await onBoard("stat -c '%a %U %G' /etc/jetfleet/agent.json")).toBe("640 root jetfleet");
    expect(await onBoard("ls -A /opt/jetfleet")).toBe("current\nprobation.sh\nreleases\nroot.sh");
    expect((await world.driver.diff(urn, device, device.inputs)).changes).toEqual({});
    expect(await world.driver.read(urn, device)).toEqual(device);
  });

  test("keeps its key out of state, status lines, the configuration and the process list", async () => {
    const key = await onBoard("sed -n 2p /var/lib/jetfleet/identity.pem");
    expect(await onBoard("head -n 1 /var/lib/jetfleet/identity.pem")).toContain("PRIVATE KEY");
    expect(await onBoard("stat -c '%a %U' /var/lib/jetfleet/identity.pem")).toBe("600 jetfleet");
    const everything =
      JSON.stringify([device, world.engine.lines]) +
      (await onBoard("cat /proc/[0-9]*/cmdline /etc/jetfleet/agent.json"));
    expect(key.length).toBeGreaterThan(40);
    expect(everything).not.toContain(key);
    expect(everything).not.toContain("PRIVATE KEY");
  });

  test("runs its agent as a user with no right that it does not need", async () => {
    const status = await onBoard(
      "cat /proc/$(systemctl show -p MainPID --value jetfleet-agent)/status",
    );
    const uid = await onBoard("id -u jetfleet");
    expect(Number(uid)).toBeGreaterThan(0);
    expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, "m"));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) {
      expect(status).toMatch(new RegExp(`^Cap${set}:\\s+0+$`, "m"));
    }
    expect(await onBoard("find /opt/jetfleet /etc/jetfleet ! -user root")).toBe("");
    expect(await onBoard("getent passwd jetfleet")).toMatch(/:\/usr\/sbin\/nologin$/);
  });

  test("told where it was as it went", () => {
    const lines = world.engine.lines.map(({ text }) => text);
    expect(lines).toContain(`connecting to 127.0.0.1:${open.port}`);
    expect(lines).toContain("agx-xavier, JetPack 5.1.2 (simulated)");
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^Node 24; agent, addon and ONNX Runtime for x86_64: \d of \d files are /,
      ),
    );
    expect(lines.some((line) => /^sending the runtime: 100 % of /.test(line))).toBe(true);
    expect(lines.at(-1)).toMatch(/^online, agent 0\.0\.0 on Node v/);
  });

  test("where it ran as root before is brought to its own user, with all that it keeps", async () => {
    const unit = "/etc/systemd/system/jetfleet-agent.service";
    await onBoard("systemctl stop jetfleet-agent");
    await onBoard(`sed -i '/^User=/,/^LimitCORE/d' ${unit} && systemctl daemon-reload`);
    await onBoard("echo kept > /var/lib/jetfleet/kept; ln -s /etc/hostname /var/lib/jetfleet/link");
    await onBoard("chown -R -h 0:0 /var/lib/jetfleet /etc/jetfleet; userdel jetfleet");
    await onBoard("systemctl start jetfleet-agent");
    const { read, drift } = await driftOf(device);
    expect(drift).toMatchObject({ agent: "UPDATE" });
    device = await world.driver.update(urn, read, device.inputs);
    expect(device.state).toMatchObject({ online: true });
    expect(await onBoard("stat -c %U /var/lib/jetfleet /var/lib/jetfleet/kept")).toBe(
      "jetfleet\njetfleet",
    );
    expect(await onBoard("stat -L -c %U /var/lib/jetfleet/link")).toBe("root");
    expect(
      await onBoard("ps -o user= -p $(systemctl show -p MainPID --value jetfleet-agent)"),
    ).toBe("jetfleet");
    await onBoard("rm /var/lib/jetfleet/kept /var/lib/jetfleet/link");
  });

  test("is left alone by an update that changes nothing on the board", async () => {
    const pid = await onBoard("systemctl show -p MainPID jetfleet-agent");
    const updated = await world.driver.update(urn, device, device.inputs);
    expect(updated.state).toEqual(device.state);
    expect(await onBoard("systemctl show -p MainPID jetfleet-agent")).toBe(pid);
  });

  test("takes changed labels where it is, and shows those that somebody else gave it as drift", async () => {
    const basel = await inputs({ labels: { site: "basel", floor: "2" } });
    expect(await world.driver.diff(urn, device, basel)).toMatchObject({
      changes: { labels: "ADD" },
      replaces: [],
    });
    const preview = await world.driver.update(urn, device, basel, { preview: true });
    expect(preview.state["labels"]).toEqual(basel["labels"]);
    // For the hour after the next one.
    const hour = (hours: number) =>
      new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    const maintenanceWindow = { from: hour(2), to: hour(3) };
    const later = await inputs({ labels: { site: "basel", floor: "2" }, maintenanceWindow });
    const putOff = await world.driver.update(urn, device, later);
    expect(world.engine.lines.at(-1)).toMatchObject({
      severity: 2,
      text: expect.stringMatching(
        /^door stays as it is until its maintenance window opens, \w{3} \d\d:\d\d \(UTC\); an `up` in it/,
      ),
    });
    expect(putOff.state["labels"]).toEqual({});
    expect((await world.driver.diff(urn, putOff, later)).changes).toMatchObject({
      agent: "UPDATE",
    });
    const labelled = await world.driver.update(urn, putOff, basel);
    expect(labelled.state["labels"]).toEqual(basel["labels"]);
    expect((await driftOf(labelled)).drift).toEqual({});
    const config = "/etc/jetfleet/agent.json";
    expect(JSON.parse(await onBoard(`cat ${config}`))).toMatchObject({ labels: basel["labels"] });
    const bern = await inputs({ labels: { site: "bern", floor: "2" } });
    expect((await world.driver.diff(urn, labelled, bern)).changes).toEqual({
      "labels.site": "UPDATE",
    });
    await board.exec(`sed -i s/basel/zug/ ${config}`);
    const { read, drift } = await driftOf(labelled);
    expect(read.state["labels"]).toEqual({ site: "zug", floor: "2" });
    expect(drift).toEqual({ labels: "UPDATE" });
    device = await world.driver.update(urn, read, await inputs());
    expect(device.state["labels"]).toEqual({});
    expect(JSON.parse(await onBoard(`cat ${config}`))).toMatchObject({ labels: {} });
    expect(await world.driver.read(urn, device)).toEqual(device);
  });

  test("with other libraries, or read by a version that told fewer outputs, is no drift", async () => {
    const { module: _m, tensorrt: _t, libraryFaults: _f, labels: _l, ...older } = device.state;
    expect(
      (await world.driver.diff(urn, { ...device, state: older }, device.inputs)).changes,
    ).toEqual({});
    // What the board's dpkg-query answers from.
    const packages = "/run/jetfleet-sim/board.json";
    const without = `/libcudnn8/s/libcudnn8/libother/; s/"libnvinfer8": "8.5.2/"libnvinfer8": "8.4.1/`;
    await board.exec(`cp ${packages} /tmp/kept && sed -i '${without}' ${packages}`);
    const { read, drift } = await driftOf({ ...device, state: older });
    await board.exec(`cp /tmp/kept ${packages}`);
    expect(drift).toEqual({});
    expect(read.state).toMatchObject({
      module: "agx-xavier",
      tensorrt: "8.4.1",
      libraryFaults: [
        "not all of JetPack 5.1.2 is installed: cuDNN 8.6.0.166",
        "not all is of JetPack 5.1.2: TensorRT 8.4.1 in place of 8.5.2",
      ],
    });
    expect(await world.driver.read(urn, device)).toEqual(device);
  });

  test("with another module of the family is named by it, and its agent is left alone", async () => {
    const file = "'/proc/device-tree/nvidia,boardids'";
    const pid = await onBoard("systemctl show -p MainPID jetfleet-agent");
    await board.exec(`cp ${file} /tmp/boardids; printf '2888:0001:H00\\0' > ${file}`);
    const { read, drift } = await driftOf(device);
    const updated = await world.driver.update(urn, device, device.inputs);
    await board.exec(`mv /tmp/boardids ${file}`);
    expect(drift).toEqual({});
    expect(read.state).toMatchObject({ board: "agx-xavier", module: "agx-xavier-16gb" });
    expect(updated.state).toEqual(read.state);
    expect(await onBoard("systemctl show -p MainPID jetfleet-agent")).toBe(pid);
    expect(world.engine.lines.map(({ text }) => text)).toContain(
      "agx-xavier (Jetson AGX Xavier 16GB), JetPack 5.1.2 (simulated)",
    );
  });

  test("whose module is not surely told any more says so once, which is no drift", async () => {
    const file = "'/proc/device-tree/nvidia,boardids'";
    const seen = world.engine.lines.length;
    const warnings = () =>
      world.engine.lines.slice(seen).filter(({ text }) => text.includes("no module of agx-xavier"));
    await board.exec(`mv ${file} /tmp/boardids; printf '3310:1000:B02\\0' > ${file}`);
    const { read, drift } = await driftOf(device);
    const again = await world.driver.read(urn, read);
    await board.exec(`mv /tmp/boardids ${file}`);
    expect(drift).toEqual({});
    expect(read.state["module"]).toBeNull();
    expect(again.state).toEqual(read.state);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatchObject({
      severity: 2,
      text: expect.stringMatching(/which module it is, is not certain: boardids says Jetson TX2/),
    });
    expect(await world.driver.read(urn, device)).toEqual(device);
  });

  test.each([
    ["a stopped agent", "systemctl stop jetfleet-agent", { agent: "UPDATE", online: "UPDATE" }],
    ["a disabled unit", "systemctl disable jetfleet-agent", { enabled: "UPDATE" }],
    [
      "a removed unit",
      "systemctl disable --now jetfleet-agent; rm /etc/systemd/system/jetfleet-agent.service; systemctl daemon-reload",
      { agent: "UPDATE", enabled: "UPDATE", online: "UPDATE" },
    ],
    [
      "a removed runtime",
      "systemctl stop jetfleet-agent; rm -rf /opt/jetfleet",
      { agent: "UPDATE", online: "UPDATE", runtime: "UPDATE" },
    ],
  ])("shows %s as drift, and an update mends it", async (_what, command, expected) => {
    await board.exec(command);
    const { read, drift } = await driftOf(device);
    expect(drift).toEqual(expected);
    device = await world.driver.update(urn, read, device.inputs);
    expect((await driftOf(device)).drift).toEqual({});
    expect(await onBoard("systemctl is-active jetfleet-agent")).toBe("active");
  });

  test("whose certificate was revoked is offline, and an update gives it a new one", async () => {
    const before = await onBoard("cat /var/lib/jetfleet/identity.pem");
    await world.hub.deleteDevice("door");
    const { read, drift } = await driftOf(device);
    expect(drift).toEqual({ online: "UPDATE" });
    device = await world.driver.update(urn, read, device.inputs);
    expect(device.state).toMatchObject({ online: true });
    expect(await onBoard("cat /var/lib/jetfleet/identity.pem")).not.toBe(before);
  });

  test("whose credentials were written by half is finished by the next update", async () => {
    const pid = () => onBoard("systemctl show -p MainPID jetfleet-agent");
    const before = await pid();
    await onBoard("touch /var/lib/jetfleet/identity.pem.refused");
    const news = await inputs({ labels: { site: "basel" } });
    const failure = await failureFrom(world.driver.update(urn, device, news));
    expect(failure.init?.reasons[0]).toContain("no space left");
    await onBoard("rm /var/lib/jetfleet/identity.pem.refused");
    // The agent is online with what it was started with, and its files say something else.
    expect(await pid()).toBe(before);
    const half = { id: "door", inputs: device.inputs, state: failure.init?.state ?? {} };
    const seen = world.engine.lines.length;
    device = await world.driver.update(urn, half, news);
    expect(await pid()).not.toBe(before);
    expect(device.state).toMatchObject({ online: true, labels: { site: "basel" } });
    expect(await onBoard("ls -A /opt/jetfleet")).not.toContain("unfinished");
    const said = world.engine.lines.slice(seen).map(({ text }) => text);
    expect(said).toContain("starting the agent");
    device = await world.driver.update(urn, device, await inputs());
  });

  test("that was flashed anew says so, and is the same device again after an update", async () => {
    await onBoard("systemctl disable --now jetfleet-agent jetfleet-runner.socket");
    await onBoard(
      "rm -rf /opt/jetfleet /etc/jetfleet /var/lib/jetfleet /etc/systemd/system/jetfleet*",
    );
    await onBoard("userdel jetfleet; userdel jetfleet-runner");
    const { read, drift } = await driftOf(device);
    expect(drift).toMatchObject({ agent: "UPDATE" });
    const before = { ...read, state: { ...read.state, jetpack: "4.6.1" } };
    const again = await world.driver.update(urn, before, device.inputs);
    expect(again.state).toMatchObject({ online: true, owner: device.state["owner"] });
    const lines = world.engine.lines.map(({ text }) => text);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /of door has nothing of jetfleet any more: .*JetPack 4\.6\.1 before, 5\.1\.2 now/,
      ),
    );
    device = again;
  });

  test("whose release is damaged gets a whole one before anything of the old one goes", async () => {
    const target = await onBoard("readlink /opt/jetfleet/current");
    await onBoard("echo spoilt > /opt/jetfleet/current/release.json");
    const { read } = await driftOf(device);
    device = await world.driver.update(urn, read, device.inputs);
    const next = await onBoard("readlink /opt/jetfleet/current");
    expect(next).toBe(`${target}.2`);
    expect(await onBoard(`cat /opt/jetfleet/${target}/release.json`)).toBe("spoilt");
    expect(await onBoard("cat /opt/jetfleet/current/release.json")).toContain("runtimeDigest");
  });

  test("gets a new runtime by sending only what changed, and keeps the one before", async () => {
    // The one before that is kept as well until the present one has proved itself.
    await expect
      .poll(() => onBoard("ls -d /opt/jetfleet/former 2>/dev/null || true"), { timeout: 30_000 })
      .toBe("");
    runtime.version = "two";
    const news = await inputs();
    expect((await world.driver.diff(urn, device, news)).changes).toEqual({ runtime: "UPDATE" });
    const preview = await world.driver.update(urn, device, news, { preview: true });
    expect(preview.state).toMatchObject({ runtime: "0.0.0+two", runtimeDigest: UNKNOWN });
    const seen = world.engine.lines.length;
    const before = device.state["runtimeDigest"];
    device = await world.driver.update(urn, device, news);
    expect(device.state["runtimeDigest"]).not.toBe(before);
    expect(await onBoard("cat /opt/jetfleet/current/version.txt")).toBe("two");
    expect(await onBoard("ls /opt/jetfleet/releases | wc -l")).toBe("2");
    expect(world.engine.lines.slice(seen).map(({ text }) => text)).toContain(
      "sending the runtime: 100 % of 0.0 MB",
    );
  });

  test("that cannot be reached keeps its state, with a warning", async () => {
    await board.powerCut();
    try {
      expect(await world.driver.read(urn, device, 2)).toEqual(device);
      expect(world.engine.lines.at(-1)).toMatchObject({ severity: 2 });
      const change = await inputs({ labels: { row: "1" } });
      const away = await failureFrom(world.driver.update(urn, device, change, { timeout: 20 }));
      expect(away.init).toBeUndefined();
      expect(away.message).toMatch(
        /SSH_\w+: .*next: The board was reached at the last `up`; this one tried for \d+ s\. The hub/s,
      );
      expect(away.message).toMatch(/`pulumi up` goes on; .*onUnreachable skip/);
      expect(away.message).not.toContain("Check address, port and cable");
      // At another address nothing is known of it.
      const elsewhere = await inputs({ port: 1 });
      const moved = await failureFrom(world.driver.update(urn, device, elsewhere, { timeout: 4 }));
      expect(moved.message).toContain("Check address, port and cable");
      // The policy itself needs no board; by it an update is put off, and shows until it was made.
      const news = await inputs({ onUnreachable: "skip" });
      const skipping = await world.driver.update(urn, device, news);
      const facts = { ...(device.state["facts"] as object), onUnreachable: "skip" };
      expect(skipping.state).toEqual({ ...device.state, onUnreachable: "skip", facts });
      const labelled = await inputs({ onUnreachable: "skip", labels: { row: "1" } });
      const skipped = await world.driver.update(urn, skipping, labelled, { timeout: 2 });
      expect(world.engine.lines.at(-1)?.text).toMatch(/it stays as it is.*tries again/);
      const { changes } = await world.driver.diff(urn, skipped, labelled);
      expect(changes).toEqual({ agent: "UPDATE", labels: "UPDATE" });
      const failure = await failureFrom(world.driver.create(urn, labelled, { timeout: 2 }));
      expect(failure.message).toMatch(/SSH_UNREACHABLE|SSH_TIMEOUT|OPERATION_TIMEOUT/);
    } finally {
      await board.boot();
    }
  });

  test("of another name is a replacement, the old one first", async () => {
    const news = await inputs({ name: "gate" });
    expect(await world.driver.diff(urn, device, news)).toMatchObject({
      replaces: ["name"],
      first: true,
    });
  });

  describe("and other resources", () => {
    const renamed = urnOf("Device", "front-door");
    const foreign = urn.replace("test::project", "prod::other");
    const stands = async () =>
      expect([
        await onBoard("systemctl is-active jetfleet-agent"),
        (await world.hub.listDevices()).map(({ name }) => name).includes("door"),
      ]).toEqual(["active", true]);

    test("of its name or at its address in the same program are refused by the check", async () => {
      await inputs();
      const { failures } = await world.driver.check(renamed, declaration());
      expect(failures).toEqual([
        { property: "name", reason: expect.stringContaining(`declared by ${urn}`) },
        { property: "address", reason: expect.stringContaining(`and port of ${urn}, too`) },
      ]);
      const gate = await world.driver.check(renamed, declaration({ name: "gate" }));
      expect(gate.failures.map(({ property }) => property)).toEqual(["address"]);
      const jumpHosts = [{ address: "10.0.0.1", user: "admin", privateKeyPath: "key" }];
      const ssh = { privateKeyPath: join(dir, "key"), jumpHosts };
      const behind = await world.driver.check(renamed, declaration({ name: "gate", ssh }));
      expect(behind.failures).toEqual([]);
    });

    test("is renamed in its program: the former resource's end leaves all as it is", async () => {
      const pid = await onBoard("systemctl show -p MainPID jetfleet-agent");
      const former = device;
      device = await world.driver.create(renamed, former.inputs);
      await world.driver.delete(urn, former);
      expect(world.engine.lines.slice(-2).map(({ text }) => text)).toEqual([
        expect.stringMatching(/board of door is of project\/test .*front-door.* its agent stays/),
        expect.stringMatching(/door at the hub .*front-door.*its pipelines stay/),
      ]);
      await stands();
      expect(await onBoard("systemctl show -p MainPID jetfleet-agent")).toBe(pid);
      expect((await driftOf(device)).drift).toEqual({});
    });

    test("is not taken over by another stack, which names both", async () => {
      const failure = await failureFrom(world.driver.create(foreign, device.inputs));
      expect(failure.message).toMatch(/DEVICE_OWNED.*other\/prod.*front-door/s);
      expect(failure.init).toBeUndefined();
      expect((await driftOf(device)).drift).toEqual({});
    });

    test("is not taken over as a device of another name, either", async () => {
      const gate = { ...device.inputs, name: "gate" };
      const failure = await failureFrom(world.driver.create(urnOf("Device", "gate"), gate));
      expect(failure.message).toMatch(
        /DEVICE_OWNED.*board at 127.0.0.1:\d+.*device door of fleet lab/s,
      );
    });

    test("is taken over when the program says so; the former one sees it, and takes nothing away", async () => {
      const former = device;
      const theirs = await world.driver.create(foreign, { ...former.inputs, takeOver: true });
      const { read, drift } = await driftOf(former);
      expect(drift).toEqual({ takenOverBy: "DELETE" });
      expect(read.state["takenOverBy"]).toContain("other/prod");
      const failure = await failureFrom(world.driver.update(renamed, read, former.inputs));
      expect(failure.message).toMatch(/DEVICE_OWNED.*other\/prod/s);
      await world.driver.delete(renamed, read);
      await stands();
      device = theirs;
    });

    test("is a device of the state that it had before devices had owners", async () => {
      const { owner: _, ...state } = device.state;
      await onBoard("rm /etc/jetfleet/owner.json");
      await world.hub.deleteDevice("door");
      device = await world.driver.update(urn, { ...device, state }, await inputs());
      expect(device.state["owner"]).toMatchObject({ program: "project/test", resource: urn });
      await stands();
    });
  });

  test("is deleted with all that was put on the board, and once more without complaint", async () => {
    const identityFile = join(dir, "kept.pem");
    const identity = await onBoard("cat /var/lib/jetfleet/identity.pem");
    writeFileSync(identityFile, `${identity}\n`, { mode: 0o600 });
    await world.driver.delete(urn, device);
    // Whoever copied its key and certificate gets nowhere with them.
    const httpUrl = world.config["hubUrl"] as string;
    const copy = new HubClient({ httpUrl, identityFile, signal: AbortSignal.timeout(5_000) });
    await expect(copy.info()).rejects.toThrow(/revoked or replaced/);
    await expect(copy.connectMqtt()).rejects.toThrow();
    const paths = "/opt/jetfleet /etc/jetfleet /var/lib/jetfleet /etc/systemd/system/jetfleet-*";
    expect(await onBoard(`ls -d ${paths} 2>/dev/null`)).toBe("");
    expect(await onBoard("systemctl is-active jetfleet-agent")).not.toBe("active");
    expect(await onBoard("grep -c jetfleet /etc/passwd /etc/group /etc/shadow")).toBe(
      "/etc/passwd:0\n/etc/group:0\n/etc/shadow:0",
    );
    await world.driver.delete(urn, device);
  });

  test("whose agent does not come online fails with the end of its log, and the next update goes on", async () => {
    const working = runtime.release.bind(runtime);
    runtime.release = async () => {
      const release = await working();
      // An agent that makes its key as it should, and ends at once when it is to run.
      const agent = { ...release.files[1], name: "agent.cjs", path: join(world.dir, "broken.cjs") };
      const whole = readFileSync(release.files[1]?.path ?? "", "utf8");
      writeFileSync(agent.path, `if (process.argv[2] === "run") process.exit(1);\n${whole}`);
      const digest = `sha256:${execFileSync("sha256sum", [agent.path], { encoding: "utf8" }).slice(0, 64)}`;
      const broken = { ...agent, mode: 0o644, digest, sizeBytes: readFileSync(agent.path).length };
      return {
        ...release,
        digest,
        files: [release.files[0], broken].filter((file) => file !== undefined),
      };
    };
    // Two stacks come to a free board at the same time, as devices of different names.
    const both = [urn, urn.replace("test::project", "prod::other").replace("door", "hall")];
    const named = { [both[0]!]: await inputs(), [both[1]!]: await inputs({ name: "hall" }) };
    const failures = await Promise.all(
      both.map(async (one) => failureFrom(world.driver.create(one, named[one]!))),
    );
    expect(failures.map(({ init }) => init !== undefined).sort()).toEqual([false, true]);
    const at = failures.findIndex(({ init }) => init !== undefined);
    const [had = "", late = ""] = at === 0 ? both : both.toReversed();
    expect(failures[1 - at]?.message).toContain("DEVICE_OWNED");
    expect(failures[1 - at]?.message).toContain(`of ${programOf(late)} (${late})`);
    expect(failures[1 - at]?.message).toContain(`of ${programOf(had)} (${had})`);
    const { init } = failures[at]!;
    expect(init?.reasons[0]).toMatch(/AGENT_OFFLINE.*ended by itself.*log of the agent/s);
    runtime.release = working;
    const inputsOf = named[had]!;
    const partial = { id: init?.id ?? "", inputs: inputsOf, state: init?.state ?? {} };
    const mended = await world.driver.update(had, partial, inputsOf);
    expect(mended.state).toMatchObject({ agent: "active", online: true });
    await world.driver.delete(had, mended);
    await world.hub.deleteDevice(late === urn ? "door" : "hall");
  });

  test("is cancelled while it connects, with nothing to keep", async () => {
    await board.powerCut();
    const creating = failureFrom(world.driver.create(urn, await inputs()));
    const connecting = () => world.engine.lines.some(({ text }) => text.endsWith("; trying again"));
    while (!connecting()) await new Promise((resolve) => setTimeout(resolve, 20));
    await world.driver.cancel();
    const failure = await creating;
    expect(failure.code).toBe(1);
    expect(failure.init).toBeUndefined();
  });

  test("that is gone for good cannot be deleted unless the user chose to forget it", async () => {
    const gone = { id: "door", inputs: await inputs({ port: 1 }), state: {} };
    const failure = await failureFrom(world.driver.delete(urn, gone, 2));
    expect(failure.message).toMatch(/SSH_UNREACHABLE.*onUnreachable.*pulumi state delete/s);
    await world.driver.configure({ ...world.config, onUnreachable: "forget" });
    await world.driver.delete(urn, gone, 2);
    expect(world.engine.lines.at(-1)?.text).toContain("the device is forgotten");
  });
});
