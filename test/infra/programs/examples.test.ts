import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { languagesDir, pythonPath } from "../../../cli/setup/paths.mjs";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { FULL } from "../../support/long-form.ts";
import { ENGINE, type Outcome, Stack } from "../engine/support/stack.ts";
import type { FakeDevice } from "../provider/support/fake-device.ts";
import { StubRuntime } from "../provider/support/stub-runtime.ts";
import { createWorld, type World } from "../provider/support/world.ts";

const why = ENGINE ? "" : " (skipped: no Pulumi engine; run `npm run setup`)";
const PROGRAMS = join(import.meta.dirname, "../../../infra/programs");
const PASSWORD = "geheim";
const CAMERA = `rtsp://viewer:${PASSWORD}@192.0.2.3/stream1`;

// Looked up before a world moves the cache.
// Plain JavaScript without declarations.
const versions: string = "../../../cli/setup/engine/versions.mjs";
const { ENGINE_VERSION } = (await import(versions)) as { ENGINE_VERSION: string };
const LANGUAGES = languagesDir(ENGINE_VERSION);
const PYTHON = pythonPath();
const hasPython = existsSync(PYTHON);
const whyNot = hasPython ? "" : " (skipped: no Python SDK; run `npm run sdk -- python`)";

/** The example programs under the real engine: hub and provider are real, devices are enrolled ones without boards. */
describe.skipIf(!ENGINE)(`example programs${why}`, { timeout: 240_000 }, () => {
  let world: World;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-examples-"));
    world = await createWorld(new StubRuntime(join(dir, "runtime")));
  }, 120_000);
  afterAll(async () => {
    await world?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function stackOf(
    program: string,
    name: string,
    settings: Record<string, unknown>,
    programs = PROGRAMS,
  ) {
    const PATH = [process.env["PATH"], LANGUAGES].join(delimiter);
    const attached = `jetfleet:${world.providerPort}`;
    const env = { PULUMI_DEBUG_PROVIDERS: attached, PATH, PULUMI_PYTHON_CMD: PYTHON };
    const stack = await Stack.create(join(dir, program), name, env, join(programs, program));
    const texts = Object.entries(settings).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    stack.configure({ ...(world.config as Record<string, string>), ...Object.fromEntries(texts) });
    return stack;
  }

  const up = (stack: Stack, ...args: string[]) =>
    good(stack.on("up", "--yes", "--skip-preview", "--suppress-progress", ...args));
  const unchanged = (stack: Stack) => good(stack.on("preview", "--expect-no-changes"));
  const destroy = (stack: Stack) => good(stack.on("destroy", "--yes", "--skip-preview"));

  async function good(outcome: Promise<Outcome>): Promise<string> {
    const { ok, text } = await outcome;
    expect(ok, text).toBe(true);
    expect(text).not.toContain(PASSWORD);
    return text;
  }

  const runs = (device: FakeDevice) =>
    device.desired?.pipelines.map(({ name, detect }) => [name, detect.minScore]);

  describe("two sites of a fleet, each with its stack", () => {
    let basel: Stack;
    let bern: Stack;
    let devices: Record<"door" | "gate" | "bern", FakeDevice>;

    beforeAll(async () => {
      devices = {
        door: await world.device("basel-door", { site: "basel" }),
        gate: await world.device("basel-gate", { site: "basel" }),
        bern: await world.device("bern-door", { site: "bern" }),
      };
      const settings = (names: string[]) => ({
        "two-sites:model": world.modelPath,
        "two-sites:labels": ["person"],
        "two-sites:cameraUri": CAMERA,
        "two-sites:devices": Object.fromEntries(names.map((name) => [name, { enroll: true }])),
      });
      basel = await stackOf("two-sites", "basel", settings(["door", "gate"]));
      if (FULL) bern = await stackOf("two-sites", "bern", settings(["door"]));
    }, 120_000);

    test("declare all of it through Fleet and Site", async () => {
      if (!FULL) {
        // The fleet, its site, a model, two devices and two pipelines.
        expect(await good(basel.on("preview"))).toMatch(/\+ 8 to create/);
        return;
      }
      expect(await up(basel)).toMatch(/\+ 8 created/);
      expect(runs(devices.door)).toEqual([["entrance", 0.4]]);
      expect(runs(devices.gate)).toEqual([["entrance", 0.4]]);
      await unchanged(basel);
    });

    test.runIf(FULL)(
      "are each its own: the one is brought up and changed beside the other",
      async () => {
        expect(await up(bern)).toMatch(/\+ 6 created/);
        basel.configure({ "two-sites:minScore": "0.6" });
        expect(await up(basel)).toMatch(/~ 2 updated/);
        expect(runs(devices.door)).toEqual([["entrance", 0.6]]);
        expect(runs(devices.bern)).toEqual([["entrance", 0.4]]);
        await unchanged(bern);
      },
    );

    test.runIf(FULL)("are destroyed one by one", async () => {
      await destroy(basel);
      expect(runs(devices.bern)).toEqual([["entrance", 0.4]]);
      const known = async () => (await world.hub.listDevices()).map(({ name }) => name);
      expect(await known()).toEqual(["bern-door"]);
      await destroy(bern);
      expect(await known()).toEqual([]);
    });
  });

  describe.runIf(FULL)("the import of existing boards", () => {
    let board: SimulatedBoard;

    beforeAll(async () => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
      board = await startBoard({
        ...{ name: "door", board: "agx-xavier", dir: join(dir, "board") },
        authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
      });
    }, 60_000);
    afterAll(() => board?.stop());

    test("takes a board as it is, and the next update changes nothing on it", async () => {
      const { sshPort } = board.info;
      const quickstart = await stackOf("quickstart", "first", {
        "quickstart:model": world.modelPath,
        "quickstart:labels": ["person"],
        "quickstart:cameraUri": CAMERA,
        "quickstart:devices": [
          {
            ...{ name: "door", address: "127.0.0.1", port: sshPort },
            ssh: { privateKeyPath: join(dir, "key") },
          },
        ],
      });
      // What runs on it is another matter here, as nothing takes a pipeline.
      const device = "**jetfleet:index:Device::door";
      await up(quickstart, "--target", device);
      const installed = (await board.exec("ls -la --time-style=full-iso /opt/jetfleet")).stdout;
      const adopted = await stackOf("import", "adopted", {
        "import:boards": { door: `nvidia@127.0.0.1:${sshPort}` },
        "import:privateKeyPath": join(dir, "key"),
        importKey: join(dir, "key"),
      });
      expect(await up(adopted)).toMatch(/= 1 imported/);
      const { resources } = await adopted.state();
      expect(resources["door"]?.outputs["online"]).toBe(true);
      await up(adopted);
      await unchanged(adopted);
      expect((await board.exec("ls -la --time-style=full-iso /opt/jetfleet")).stdout).toBe(
        installed,
      );
      await destroy(adopted);
    });
  });

  describe("the policy pack", () => {
    const PACK = ["--policy-pack", join(PROGRAMS, "policy/pulumi-analyzer-fleet")];
    let stack: Stack;

    beforeAll(async () => {
      stack = await stackOf("quickstart", "judged", {
        "quickstart:model": world.modelPath,
        "quickstart:labels": ["person"],
        "quickstart:cameraUri": `rtsp://viewer:${PASSWORD}@10.0.9.1/stream1`,
        "quickstart:devices": [device({ hostKey: HOST_KEY })],
      });
    }, 120_000);

    const HOST_KEY = `SHA256:${"A".repeat(43)}`;
    const device = (pinned: { hostKey?: string }) => ({
      ...{ name: "door", address: "10.0.4.17", board: "tx2" },
      ssh: { privateKeyPath: join(dir, "key"), ...pinned },
    });
    const preview = (...args: string[]) => stack.on("preview", ...PACK, ...args);
    const violations = ({ text }: Outcome) =>
      [
        ...new Set(
          [...text.matchAll(/\b(pipeline-budget|sources-stay-inside|pinned-host-keys)\b/g)].map(
            ([name]) => name,
          ),
        ),
      ].sort();

    test("lets the quickstart pass", async () => {
      const text = await good(preview());
      expect(text).toMatch(/\+ 4 to create/);
      expect(text).toMatch(/fleet@v0\.1\.0/);
    });

    test("refuses a camera outside, a first-seen host key and no budget, each with what to do", async () => {
      stack.configure({
        "quickstart:cameraUri": `rtsp://viewer:${PASSWORD}@203.0.113.9/stream1`,
        "quickstart:devices": JSON.stringify([device({})]),
        "quickstart:budget": JSON.stringify({ latencyP95Ms: 500 }),
      });
      const outcome = await preview();
      expect(outcome.ok, outcome.text).toBe(false);
      expect(violations(outcome)).toEqual([
        ...["pinned-host-keys", "pipeline-budget", "sources-stay-inside"],
      ]);
      expect(outcome.text).toMatch(/budget\.minFps of at least 1 but got none/);
      expect(outcome.text).toMatch(/sources\.camera\.uri .* but got rtsp:\/\/203\.0\.113\.9/);
      expect(outcome.text).toMatch(/ssh\.hostKey or ssh\.knownHosts but got neither/);
      expect(outcome.text).not.toContain(PASSWORD);
    });

    test("takes other levels and settings from a file", async () => {
      const file = join(dir, "levels.json");
      const levels = {
        "pipeline-budget": "advisory",
        "pinned-host-keys": "disabled",
        "sources-stay-inside": { networks: ["203.0.113.0/24"] },
      };
      writeFileSync(file, JSON.stringify(levels));
      const outcome = await preview("--policy-pack-config", file);
      expect(outcome.ok, outcome.text).toBe(true);
      expect(violations(outcome)).toEqual(["pipeline-budget"]);
      await destroy(stack);
    });
  });

  describe.runIf(FULL)(`Python${whyNot}`, () => {
    test.skipIf(!hasPython)("has a site declare its devices and pipelines", async () => {
      const door = await world.device("north-door", { site: "north", country: "ch" });
      const settings = { "site:model": world.modelPath, "site:cameraUri": CAMERA };
      const site = await stackOf("python-site", "sited", settings, import.meta.dirname);
      const text = await up(site, "--debug");
      // The stack, a model, the site, its device, its pipeline, and the one beside it.
      expect(text).toMatch(/\+ 6 created/);
      expect(runs(door)?.toSorted()).toEqual([
        ["beside", 0.6],
        ["entrance", 0.4],
      ]);
      await unchanged(site);
      const { raw, resources } = await site.state();
      expect(raw).not.toContain(PASSWORD);
      expect(resources["north-door"]?.urn).toContain("jetfleet:index:Site$");
      // One provider for what the program declares and what the component does.
      expect(raw.match(/"type": "pulumi:providers:jetfleet"/g)).toHaveLength(1);
      await destroy(site);
    });

    test.skipIf(!hasPython)(
      "has a quickstart that declares what the one in TypeScript does, and goes on with its stack",
      async () => {
        const door = await world.device("tx2");
        const settings = {
          "quickstart:model": world.modelPath,
          "quickstart:labels": ["person"],
          "quickstart:cameraUri": CAMERA,
          "quickstart:devices": [{ name: "tx2", enroll: true }],
        };
        const python = await stackOf("python", "snake", settings);
        const text = await up(python, "--debug");
        expect(text).toMatch(/\+ 4 created/);
        expect(runs(door)).toEqual([["entrance", 0.4]]);
        await unchanged(python);
        const { raw } = await python.state();
        expect(raw).not.toContain(PASSWORD);
        // The same project and stack, the other program.
        const typescript = python.running(join(PROGRAMS, "quickstart"));
        await unchanged(typescript);
        python.configure({ "quickstart:minScore": "0.7" });
        expect(await up(python)).toMatch(/~ 1 updated/);
        expect(runs(door)).toEqual([["entrance", 0.7]]);
        await destroy(python);
      },
    );
  });
});
