import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { FULL } from "../../support/long-form.ts";
import type { FakeDevice } from "../provider/support/fake-device.ts";
import { StubRuntime } from "../provider/support/stub-runtime.ts";
import { tinyOnnx } from "../provider/support/tiny-onnx.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, type Outcome, Stack } from "./support/stack.ts";

const why = ENGINE ? "" : " (skipped: no Pulumi engine; run `npm run setup`)";
const PASSWORD = "geheim";
const PASSPHRASE = "sesam-oeffne-dich";
const SUDO_PASSWORD = "wird-nicht-gefragt";

/** One stack with a device on a simulated board, a model, and a pipeline on a device that is already there. */
describe.skipIf(!ENGINE)(`all resources under the real engine${why}`, { timeout: 120_000 }, () => {
  let world: World;
  let dir: string;
  let board: SimulatedBoard;
  let gate: FakeDevice;
  let stack: Stack;
  /** Everything that the engine said, with --debug. */
  let said = "";

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-lifecycle-"));
    const key = ["-t", "ed25519", "-a", "1", "-N", PASSPHRASE, "-f", join(dir, "key")];
    execFileSync("ssh-keygen", ["-q", ...key]);
    world = await createWorld(new StubRuntime(join(dir, "runtime")));
    board = await startBoard({
      name: "door",
      board: "agx-xavier",
      dir: join(dir, "board"),
      authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
    });
    gate = await world.device("gate");
    stack = await newStack("one");
  }, 120_000);
  afterAll(async () => {
    await board?.stop();
    await world?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function newStack(name: string): Promise<Stack> {
    const attached = { PULUMI_DEBUG_PROVIDERS: `jetfleet:${world.providerPort}` };
    const made = await Stack.create(dir, name, attached);
    made.configure(world.config as Record<string, string>);
    return made;
  }

  const login = () => ({
    ...{ privateKeyPath: join(dir, "key"), passphrase: PASSPHRASE },
    sudoPassword: SUDO_PASSWORD,
  });

  function model(content: string): string {
    const file = join(dir, "people.onnx");
    writeFileSync(file, tinyOnnx(1, { producer: content }));
    return file;
  }

  function program(
    change: { minScore?: number; name?: string; labels?: Record<string, string> } = {},
  ) {
    const { minScore = 0.4, name, labels } = change;
    return {
      devices: [
        {
          as: "door",
          args: {
            address: "127.0.0.1",
            port: board.info.sshPort,
            ssh: login(),
            ...(labels && { labels }),
          },
        },
      ],
      models: [{ as: "people", args: { source: join(dir, "people.onnx"), labels: ["person"] } }],
      pipelines: [
        {
          as: "entrance",
          ...(name !== undefined && { name }),
          ...{ device: "gate", model: "people", minScore },
          uri: `rtsp://viewer:${PASSWORD}@127.0.0.1/stream`,
        },
      ],
    } satisfies Declared;
  }

  async function good(outcome: Promise<Outcome>): Promise<string> {
    const { ok, text } = await outcome;
    said += text;
    expect(ok, text).toBe(true);
    return text;
  }

  const filesBelow = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const onGate = () => gate.desired?.pipelines.map(({ name, detect }) => [name, detect.minScore]);
  const onBoard = async (command: string) => (await board.exec(command)).stdout.trim();

  test("are created, and then there is nothing to do", async () => {
    model("one");
    expect(await good(stack.up(program(), "--debug"))).toMatch(/\+ 4 created/);
    expect(onGate()).toEqual([["entrance", 0.4]]);
    expect(await good(stack.preview(program(), "--expect-no-changes"))).toMatch(/4 unchanged/);
  });

  test("are updated where they are, and replaced where they have to be", async () => {
    model("two");
    const before = (await stack.state()).resources;
    const text = await good(
      stack.up(program({ minScore: 0.6, name: "exit", labels: { row: "1" } })),
    );
    expect(text).toMatch(/door updated.*diff: \+labels/);
    expect(text).toMatch(/people created replacement/);
    expect(text).toMatch(/people deleted original.*the file stays at the hub/);
    expect(text).not.toMatch(/deleted original.*sending/);
    expect(text).toMatch(/entrance deleted original/);
    expect(onGate()).toEqual([["exit", 0.6]]);
    const { resources } = await stack.state();
    expect(resources["people"]?.id).not.toBe(before["people"]?.id);
    expect(resources["entrance"]?.id).toBe("gate/exit");
    expect(await onBoard("cat /etc/jetfleet/agent.json")).toContain('"row":"1"');
  });

  test("show what became otherwise in a refresh", async () => {
    await onBoard("systemctl stop jetfleet-agent");
    gate.conduct = { state: "failed" };
    await gate.report();
    const seen = await good(stack.on("refresh", "--yes", "--skip-preview", "--diff", "--debug"));
    expect(seen).toMatch(/agent.*inactive/);
    expect(seen).toMatch(/state.*failed/);
  });

  test.runIf(FULL)("are mended by the next update", async () => {
    const now = program({ minScore: 0.6, name: "exit", labels: { row: "1" } });
    gate.conduct = { state: "running" };
    await gate.report();
    expect(await good(stack.up(now))).toMatch(/~ 2 updated/);
    expect(await onBoard("systemctl is-active jetfleet-agent")).toBe("active");
  });

  test.runIf(FULL)("are imported by their ids, and renamed with an alias", async () => {
    const now = program({ minScore: 0.6, name: "exit", labels: { row: "1" } });
    const { resources } = await stack.state();
    await good(
      stack.run("state", "delete", resources["entrance"]?.urn ?? "", "--yes", "--stack", "one"),
    );
    const [pipeline] = now.pipelines;
    const generation = gate.desired?.generation;
    const imported = { ...pipeline!, opts: { import: "gate/exit" } };
    expect(await good(stack.up({ ...now, pipelines: [imported] }))).toMatch(/= 1 imported/);
    expect(gate.desired?.generation).toBe(generation);
    const renamed = { ...pipeline!, as: "way-out", opts: { aliases: [{ name: "entrance" }] } };
    const text = await good(stack.up({ ...now, pipelines: [renamed] }));
    expect(text).not.toMatch(/created|deleted|replaced/);
    await good(
      stack.up({ ...now, pipelines: [{ ...pipeline!, opts: { aliases: [{ name: "way-out" }] } }] }),
    );
    expect(onGate()).toEqual([["exit", 0.6]]);
  });

  test.runIf(FULL)("are moved to another stack, which then owns them", async () => {
    const other = await newStack("two");
    const now = program({ minScore: 0.6, name: "exit", labels: { row: "1" } });
    await good(other.up({}));
    const { resources } = await stack.state();
    const urns = Object.values(resources).map(({ urn }) => urn);
    const move = [
      "state",
      "move",
      "--source",
      "organization/declared/one",
      "--dest",
      "organization/declared/two",
    ];
    await good(stack.run(...move, "--yes", ...urns));
    expect(await good(other.up(now))).not.toMatch(/created|deleted|replaced/);
    await good(other.up(program({ minScore: 0.7, name: "exit", labels: { row: "2" } })));
    expect(onGate()).toEqual([["exit", 0.7]]);
    expect(await onBoard("cat /etc/jetfleet/owner.json")).toContain("declared/two");
    await good(stack.on("destroy", "--yes", "--skip-preview"));
    expect(onGate()).toEqual([["exit", 0.7]]);
    stack = other;
  });

  test.runIf(FULL)("are looked at before each update where the provider is set so", async () => {
    const now = program({ minScore: 0.7, name: "exit", labels: { row: "2" } });
    stack.configure({ refreshBeforeUpdate: "true" });
    await good(stack.up(now));
    await good(stack.on("refresh", "--yes", "--skip-preview"));
    gate.conduct = { state: "stopped" };
    await gate.report();
    expect(await good(stack.preview(now))).toMatch(/~ 1 to update/);
    gate.conduct = { state: "running" };
    await gate.report();
    expect(await good(stack.preview(now, "--expect-no-changes"))).toMatch(/unchanged/);
  });

  test.runIf(FULL)(
    "whose board is gone are destroyed after what the error says to do",
    async () => {
      const saved = await newStack("gone");
      const args = {
        address: "127.0.0.1",
        port: board.info.sshPort,
        ssh: login(),
      };
      const lost = await startBoard({
        ...{ name: "lost", board: "tx2", dir: join(dir, "lost") },
        authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
      });
      const devices = [{ as: "lost", args: { ...args, port: lost.info.sshPort } }];
      await good(saved.up({ devices }));
      await lost.stop();
      const own = saved.withOwnProvider();
      const failed = await own.on("destroy", "--yes", "--skip-preview");
      expect(failed.ok).toBe(false);
      expect(failed.text).toContain("pulumi config set jetfleet:onUnreachable forget");
      own.configure({ onUnreachable: "forget" });
      expect(await good(own.on("destroy", "--yes", "--skip-preview"))).toMatch(/is forgotten/);
      expect((await world.hub.listDevices()).map(({ name }) => name)).not.toContain("lost");
    },
  );

  test("leave nothing behind when they are destroyed, and no secret anywhere", async () => {
    const { raw } = await stack.state();
    await good(stack.on("destroy", "--yes", "--skip-preview", "--debug"));
    expect(onGate()).toEqual([]);
    expect(await onBoard("ls -d /opt/jetfleet /etc/jetfleet 2>/dev/null")).toBe("");
    const key = readFileSync(join(dir, "key"), "utf8").split("\n")[1] ?? "";
    const secrets = [
      ...[PASSWORD, PASSPHRASE, SUDO_PASSWORD],
      key,
      readFileSync(join(world.dir, "sign.pem"), "utf8").split("\n")[1] ?? "",
    ];
    // Every checkpoint and its history, and what the engine keeps of its own.
    const kept = ["backend", "home"].flatMap((name) => filesBelow(join(dir, name)));
    expect(kept.length).toBeGreaterThan(5);
    const journal = await onBoard("journalctl --no-pager; cat /proc/[0-9]*/cmdline");
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(5);
      expect(kept.filter((file) => readFileSync(file).includes(secret))).toEqual([]);
      expect(journal).not.toContain(secret);
      expect(said.split("\n").filter((line) => line.includes(secret))).toEqual([]);
      expect(raw).not.toContain(secret);
    }
    expect(said.length).toBeGreaterThan(1000);
  });
});
