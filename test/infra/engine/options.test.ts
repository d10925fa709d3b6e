import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { FULL } from "../../support/long-form.ts";
import type { FakeDevice } from "../provider/support/fake-device.ts";
import { StubRuntime } from "../provider/support/stub-runtime.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, type Options, type Outcome, Stack } from "./support/stack.ts";

const why = ENGINE ? "long form only" : "no Pulumi engine; run `npm run setup`";

/** One stack of a device on a board, a model, and two pipelines of a device that is there already. */
describe.skipIf(!ENGINE || !FULL)(
  `options of resources under the real engine (${why})`,
  { timeout: 240_000 },
  () => {
    let world: World;
    let dir: string;
    let board: SimulatedBoard;
    let gate: FakeDevice;
    let stack: Stack;

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "jetfleet-options-"));
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
      world = await createWorld(new StubRuntime(join(dir, "runtime")));
      board = await startBoard({
        ...{ name: "door", board: "agx-xavier", dir: join(dir, "board") },
        authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
      });
      gate = await world.device("gate");
      stack = await Stack.create(dir, "options", {
        PULUMI_DEBUG_PROVIDERS: `jetfleet:${world.providerPort}`,
      });
      stack.configure(world.config as Record<string, string>);
    }, 120_000);
    afterAll(async () => {
      await board?.stop();
      await world?.close();
      if (dir) rmSync(dir, { recursive: true, force: true });
    });

    async function good(outcome: Promise<Outcome>): Promise<string> {
      const { ok, text } = await outcome;
      expect(ok, text).toBe(true);
      return text;
    }

    async function bad(outcome: Promise<Outcome>): Promise<string> {
      const { ok, text } = await outcome;
      expect(ok, text).toBe(false);
      return text;
    }

    interface Change {
      minScore?: number;
      entrance?: Options | null;
      exit?: Options | null;
      door?: Options | null;
      labels?: Record<string, string>;
    }

    /** `null` leaves a resource out. */
    function program({
      minScore = 0.4,
      entrance = {},
      exit = {},
      door = {},
      labels,
    }: Change = {}): Declared {
      const model = { source: world.modelPath, labels: ["person"] };
      const ssh = { privateKeyPath: join(dir, "key") };
      const args = {
        address: "127.0.0.1",
        port: board.info.sshPort,
        ssh,
        ...(labels && { labels }),
      };
      const common = { device: "gate", model: "people", uri: "rtsp://127.0.0.1/stream", minScore };
      return {
        models: [{ as: "people", args: model }],
        devices: door === null ? [] : [{ as: "door", args, opts: door }],
        pipelines: [
          ...(entrance === null ? [] : [{ as: "entrance", ...common, opts: entrance }]),
          ...(exit === null ? [] : [{ as: "exit", ...common, opts: exit }]),
        ],
      };
    }

    const onGate = () =>
      gate.desired?.pipelines.map(({ name, detect }) => [name, detect.minScore]).sort();
    const onBoard = async (command: string) => (await board.exec(command)).stdout.trim();
    const urnOf = async (name: string) => (await stack.state()).resources[name]?.urn ?? "";

    test("--target updates what it names and leaves the others as they are", async () => {
      await good(stack.up(program()));
      await good(stack.up(program({ minScore: 0.6 }), "--target", await urnOf("exit")));
      expect(onGate()).toEqual([
        ["entrance", 0.4],
        ["exit", 0.6],
      ]);
      await good(stack.up(program({ minScore: 0.6 })));
      expect(onGate()).toEqual([
        ["entrance", 0.6],
        ["exit", 0.6],
      ]);
    });

    test("protect keeps what the program leaves out, and what is to be replaced", async () => {
      await good(stack.up(program({ minScore: 0.6, exit: { protect: true } })));
      expect(await bad(stack.up(program({ minScore: 0.6, exit: null })))).toMatch(/protect/);
      expect(await bad(stack.on("destroy", "--yes", "--skip-preview"))).toMatch(/protect/);
      expect(onGate()).toContainEqual(["exit", 0.6]);
      await good(stack.up(program({ minScore: 0.6 })));
    });

    test("retainOnDelete takes it out of the state and touches nothing", async () => {
      await good(stack.up(program({ minScore: 0.6, exit: { retainOnDelete: true } })));
      await good(stack.up(program({ minScore: 0.6, exit: null })));
      expect((await stack.state()).resources["exit"]).toBeUndefined();
      expect(onGate()).toContainEqual(["exit", 0.6]);
      // What was left behind is taken up again by its program.
      await good(stack.up(program({ minScore: 0.6 })));
      expect(onGate()).toEqual([
        ["entrance", 0.6],
        ["exit", 0.6],
      ]);
    });

    test("deletedWith asks for no delete of what goes with its device", async () => {
      await good(stack.up(program({ minScore: 0.6, exit: { deletedWith: "door" } })));
      const before = gate.received.length;
      await good(stack.up(program({ minScore: 0.6, exit: null, door: null })));
      expect((await stack.state()).resources["exit"]).toBeUndefined();
      expect(gate.received.length).toBe(before);
      expect(await onBoard("ls -d /opt/jetfleet 2>/dev/null")).toBe("");
      await good(stack.up(program({ minScore: 0.6 })));
    });

    test("ignoreChanges leaves a changed input as it was", async () => {
      const text = await good(
        stack.up(program({ minScore: 0.7, exit: { ignoreChanges: ["detect.minScore"] } })),
      );
      expect(text).toMatch(/~ 1 updated/);
      expect(onGate()).toEqual([
        ["entrance", 0.7],
        ["exit", 0.6],
      ]);
      await good(stack.up(program({ minScore: 0.7 })));
    });

    test("customTimeouts bound the waiting; what was begun is in the state, and the next update goes on", async () => {
      gate.conduct = { state: "starting" };
      const cut = program({
        minScore: 0.8,
        exit: { customTimeouts: { update: "3s" } },
        entrance: { customTimeouts: { update: "3s" } },
      });
      expect(await bad(stack.up(cut))).toMatch(/PIPELINE_NOT_RUNNING|DEADLINE/);
      const { resources, pending } = await stack.state();
      expect(resources["exit"]?.initErrors?.length).toBeGreaterThan(0);
      expect(resources["exit"]?.outputs["state"]).toBe("starting");
      expect(pending).toBe(0);
      gate.conduct = { state: "running" };
      await gate.report();
      await good(stack.up(program({ minScore: 0.8 })));
      expect((await stack.state()).resources["exit"]?.initErrors ?? []).toEqual([]);
      expect(await good(stack.preview(program({ minScore: 0.8 }), "--expect-no-changes"))).toMatch(
        /unchanged/,
      );
    });

    test("a device whose agent does not come online is kept in part, and the next update goes on", async () => {
      await world.stopHub();
      const changed = program({
        minScore: 0.8,
        labels: { row: "1" },
        door: { customTimeouts: { update: "8s" } },
      });
      await bad(stack.up(changed));
      await world.startHub();
      gate = await world.device("gate");
      await good(stack.up(program({ minScore: 0.8, labels: { row: "1" } })));
      expect((await stack.state()).resources["door"]?.initErrors ?? []).toEqual([]);
      expect(await onBoard("cat /etc/jetfleet/agent.json")).toContain('"row":"1"');
    });

    test("a renamed stack keeps what it has, and owns it", async () => {
      const now = program({ minScore: 0.8, labels: { row: "1" } });
      stack = await stack.renamed("renamed");
      expect(await good(stack.up(now))).not.toMatch(/created|deleted|replaced/);
      await good(stack.up(program({ minScore: 0.9, labels: { row: "2" } })));
      expect(onGate()).toEqual([
        ["entrance", 0.9],
        ["exit", 0.9],
      ]);
      expect(await onBoard("cat /etc/jetfleet/owner.json")).toContain("declared/renamed");
    });

    test("a state of a former provider, without owners and parts, is brought on by an update", async () => {
      const now = program({ minScore: 0.9, labels: { row: "2" } });
      const { raw } = await stack.state();
      const old = JSON.parse(raw) as {
        deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
      };
      for (const { type, outputs } of old.deployment.resources) {
        if (!type.startsWith("jetfleet:") || !outputs) continue;
        for (const key of [
          // A board has been told its owner as long as its device's state has known it.
          ...(type.endsWith(":Device") ? [] : ["owner"]),
          "hub",
          "released",
          "certifiedUntil",
          "plan",
          "module",
          "libraryFaults",
        ])
          delete outputs[key];
      }
      await good(stack.importState(JSON.stringify(old)));
      await good(stack.up(now));
      expect(await good(stack.preview(now, "--expect-no-changes"))).toMatch(/unchanged/);
      expect(onGate()).toEqual([
        ["entrance", 0.9],
        ["exit", 0.9],
      ]);
      await good(stack.on("destroy", "--yes", "--skip-preview"));
      expect(onGate()).toEqual([]);
      expect(await onBoard("ls -d /opt/jetfleet /etc/jetfleet 2>/dev/null")).toBe("");
    });
  },
);
