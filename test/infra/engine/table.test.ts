import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { FULL } from "../../support/long-form.ts";
import type { FakeDevice } from "../provider/support/fake-device.ts";
import { StubRuntime } from "../provider/support/stub-runtime.ts";
import { tinyOnnx } from "../provider/support/tiny-onnx.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, type Options, type Outcome, Stack } from "./support/stack.ts";

const why = ENGINE ? "long form only" : "no Pulumi engine; run `npm run setup`";
const runs = ENGINE !== null && FULL;

type Kind = "device" | "model" | "pipeline";
const KINDS = ["device", "model", "pipeline"] as const;

/** What of the program is as its resource has it at this point of the table. */
interface Now {
  as: string;
  opts?: Options;
  /** Counts updates. */
  version?: number;
  /** Counts replacements. */
  edition?: number;
}

let world: World;
let dir: string;
let board: SimulatedBoard;
let gate: FakeDevice;

beforeAll(async () => {
  if (!runs) return;
  dir = mkdtempSync(join(tmpdir(), "jetfleet-table-"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
  world = await createWorld(new StubRuntime(join(dir, "runtime")));
  board = await startBoard({
    ...{ name: "door", board: "agx-xavier", dir: join(dir, "board") },
    authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
  });
  gate = await world.device("gate");
}, 120_000);
afterAll(async () => {
  await board?.stop();
  await world?.close();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

async function newStack(name: string): Promise<Stack> {
  const stack = await Stack.create(dir, name, {
    PULUMI_DEBUG_PROVIDERS: `jetfleet:${world.providerPort}`,
  });
  stack.configure({ ...(world.config as Record<string, string>), importKey: join(dir, "key") });
  return stack;
}

async function good(outcome: Promise<Outcome>): Promise<string> {
  const { ok, text } = await outcome;
  expect(ok, text).toBe(true);
  return text;
}

function modelFile(content: string): string {
  const file = join(dir, `${content}.onnx`);
  writeFileSync(file, tinyOnnx(1, { producer: content }));
  return file;
}

/** A program of one resource; a pipeline brings the model that it needs. */
function program(kind: Kind, { as, opts = {}, version = 1, edition = 1 }: Now): Declared {
  if (kind === "device") {
    const ssh = { user: "root", privateKeyPath: join(dir, "key") };
    const labels = { version: String(version) };
    const args = {
      name: `door-${edition}`,
      address: "127.0.0.1",
      port: board.info.sshPort,
      ssh,
      labels,
    };
    return { devices: [{ as, args, opts }] };
  }
  if (kind === "model") {
    const source = modelFile(`edition-${edition}`);
    return {
      models: [{ as, args: { name: "people", source, labels: [`person-${version}`] }, opts }],
    };
  }
  const model = { as: "people", args: { source: modelFile("of-pipeline"), labels: ["person"] } };
  const pipeline = { as, name: `entrance-${edition}`, device: "gate", model: "people", opts };
  const rest = { uri: "rtsp://127.0.0.1/stream", minScore: 0.3 + version / 100 };
  return { models: [model], pipelines: [{ ...pipeline, ...rest }] };
}

const onBoard = async (command: string) => (await board.exec(command)).stdout.trim();
const onGate = () => gate.desired?.pipelines.map(({ name }) => name);

/** By which id it is imported, how it becomes otherwise by itself, and whether it is there. */
interface Way {
  id(): string;
  drift(): Promise<unknown> | void;
  mend(): Promise<unknown> | void;
  there(): Promise<boolean> | boolean;
}

let modelId = "";

const WAYS: Record<Kind, Way> = {
  device: {
    id: () => `root@127.0.0.1:${board.info.sshPort}`,
    drift: () => onBoard("systemctl stop jetfleet-agent"),
    mend: () => {},
    there: async () => (await onBoard("ls -d /opt/jetfleet 2>/dev/null")) !== "",
  },
  model: {
    id: () => modelId,
    drift: () => rmSync(join(world.dir, "hub/objects", modelId.replace("sha256:", ""))),
    mend: () => {},
    // Its file stays at the hub.
    there: () => false,
  },
  pipeline: {
    id: () => "gate/entrance-2",
    drift: () => {
      gate.conduct = { state: "failed" };
      return gate.report();
    },
    mend: () => {
      gate.conduct = { state: "running" };
      return gate.report();
    },
    there: () => (onGate() ?? []).length > 0,
  },
};

describe.skipIf(!runs).each(KINDS)(
  `the life of a %s under the real engine (${why})`,
  { timeout: 900_000 },
  (kind) => {
    let stack: Stack;
    const way = WAYS[kind];
    const one = async (as: string) => (await stack.state()).resources[as];

    beforeAll(async () => {
      if (runs) stack = await newStack(`${kind}-one`);
    }, 60_000);

    test("create, and no-op", async () => {
      expect(await good(stack.up(program(kind, { as: "it" })))).toMatch(/\+ \d created/);
      expect(await good(stack.preview(program(kind, { as: "it" }), "--expect-no-changes"))).toMatch(
        /unchanged/,
      );
    });

    test("update", async () => {
      const { id } = (await one("it"))!;
      const text = await good(stack.up(program(kind, { as: "it", version: 2 })));
      expect(text).toMatch(/~ 1 updated/);
      expect((await one("it"))!.id).toBe(id);
    });

    test("rename, by an alias and without one", async () => {
      const { id } = (await one("it"))!;
      const aliased = { as: "that", version: 2, opts: { aliases: [{ name: "it" }] } };
      expect(await good(stack.up(program(kind, aliased)))).not.toMatch(/created|deleted|replaced/);
      expect((await one("that"))!.id).toBe(id);
      const text = await good(stack.up(program(kind, { as: "it", version: 2 })));
      expect(text).toMatch(/1 created/);
      expect(text).toMatch(/1 deleted/);
      expect((await one("it"))!.id).toBe(id);
      if (kind !== "model") expect(await way.there()).toBe(true);
      expect(
        await good(stack.preview(program(kind, { as: "it", version: 2 }), "--expect-no-changes")),
      ).toMatch(/unchanged/);
    });

    test("replace, by a change and by --replace", async () => {
      const { id, urn } = (await one("it"))!;
      const now = program(kind, { as: "it", version: 2, edition: 2 });
      expect(await good(stack.up(now))).toMatch(/1 replaced/);
      expect((await one("it"))!.id).not.toBe(id);
      expect(await good(stack.up(now, "--replace", urn))).toMatch(/1 replaced/);
      if (kind !== "model") expect(await way.there()).toBe(true);
      modelId = (await one("it"))!.id;
    });

    test("drift, refresh, and the update that mends it", async () => {
      const now = program(kind, { as: "it", version: 2, edition: 2 });
      await way.drift();
      expect(await good(stack.on("refresh", "--yes", "--skip-preview"))).toMatch(/~ 1 updated/);
      await way.mend();
      expect(await good(stack.up(now))).toMatch(/~ 1 updated/);
      expect(await good(stack.preview(now, "--refresh", "--expect-no-changes"))).toMatch(
        /unchanged/,
      );
    });

    test("import by its id alone", async () => {
      const { urn } = (await one("it"))!;
      if (kind === "model") {
        // A pipeline's set is what tells the labels.
        const named = await newStack("names-the-model");
        const model = program("model", { as: "it", version: 2, edition: 2 }).models!;
        const pipelines = [
          { as: "x", device: "gate", model: "it", uri: "rtsp://127.0.0.1/s", minScore: 0.5 },
        ];
        await good(named.up({ models: model, pipelines }));
        await good(named.on("destroy", "--yes", "--skip-preview"));
      }
      const id = way.id();
      await good(stack.run("state", "delete", urn, "--yes", "--stack", `${kind}-one`));
      const imported = program(kind, { as: "it", version: 2, edition: 2, opts: { import: id } });
      expect(await good(stack.up(imported))).toMatch(/= 1 imported/);
      const now = program(kind, { as: "it", version: 2, edition: 2 });
      const text = await good(stack.up(now));
      expect(text).not.toMatch(/created|deleted|replaced/);
      expect(await good(stack.preview(now, "--expect-no-changes"))).toMatch(/unchanged/);
    });

    test("move between stacks, and destroy", async () => {
      const other = await newStack(`${kind}-two`);
      await good(other.up({}));
      const urns = Object.values((await stack.state()).resources).map(({ urn }) => urn);
      const [source, dest] = ["one", "two"].map((name) => `organization/declared/${kind}-${name}`);
      await good(
        stack.run("state", "move", "--source", source!, "--dest", dest!, "--yes", ...urns),
      );
      const now = program(kind, { as: "it", version: 2, edition: 2 });
      expect(await good(other.up(now))).not.toMatch(/created|deleted|replaced/);
      await good(other.up(program(kind, { as: "it", version: 3, edition: 2 })));
      await good(stack.on("destroy", "--yes", "--skip-preview"));
      if (kind !== "model") expect(await way.there()).toBe(true);
      await good(other.on("destroy", "--yes", "--skip-preview"));
      expect(await way.there()).toBe(false);
    });
  },
);
