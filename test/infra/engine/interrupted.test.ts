import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FULL } from "../../support/long-form.ts";
import type { FakeDevice } from "../provider/support/fake-device.ts";
import { type OpenBoard, startOpenBoard } from "../provider/support/open-board.ts";
import { StubRuntime } from "../provider/support/stub-runtime.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, Stack } from "./support/stack.ts";

const why = ENGINE ? "" : " (skipped: no Pulumi engine; run `npm run setup`)";
/** The long form has a board, too. */
const ROUNDS = FULL ? 10 : 1;
/** An `up` of this program is through by then on a quiet machine. */
const UP_MS = FULL ? 10_000 : 5_000;
const MINUTE = 60_000;
const timeout = FULL ? 60 * MINUTE : 10 * MINUTE;

describe.skipIf(!ENGINE)(`an update under the real engine${why}`, { timeout }, () => {
  let world: World;
  let open: OpenBoard | undefined;
  let runtimeDir: string;
  let devices: FakeDevice[];
  let stack: Stack;

  beforeAll(async () => {
    runtimeDir = mkdtempSync(join(tmpdir(), "jetfleet-cut-"));
    world = await createWorld(FULL ? new StubRuntime(runtimeDir) : undefined);
    if (FULL) open = await newBoard();
    devices = await Promise.all(["a", "b", "c"].map((name) => world.device(name)));
    // A small runtime is given to the board by the provider of this process.
    const env = open && { PULUMI_DEBUG_PROVIDERS: `jetfleet:${world.providerPort}` };
    stack = await Stack.create(world.dir, "cut", env);
    stack.configure(world.config as Record<string, string>);
  }, 120_000);
  afterAll(async () => {
    await open?.board.stop();
    await world?.close();
    rmSync(runtimeDir, { recursive: true, force: true });
  });

  async function newBoard(): Promise<OpenBoard> {
    const key = join(world.dir, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    return await startOpenBoard({
      ...{ name: "door", board: "agx-xavier", dir: join(world.dir, "board") },
      authorizedKeys: readFileSync(`${key}.pub`, "utf8"),
    });
  }

  function program(minScore: number): Declared {
    const ssh = { privateKeyPath: join(world.dir, "key") };
    const args = { address: "127.0.0.1", ssh, labels: { score: String(minScore) } };
    return {
      devices: open ? [{ as: "door", args: { ...args, port: open.port } }] : [],
      models: [{ as: "people", args: { source: world.modelPath, labels: ["person"] } }],
      pipelines: ["a", "b", "c"].map((device) => ({
        ...{ as: device, name: "entrance", device, model: "people" },
        ...{ uri: "rtsp://127.0.0.1/stream", minScore },
      })),
    };
  }

  test(`that is interrupted, ${ROUNDS} times at any moment, is gone on with by the next one`, async () => {
    const seed = Number(process.env["JETFLEET_TEST_SEED"] ?? Date.now() % 100_000);
    // Of the last one that was let through, so that the moments are spread over it on a busy machine, too.
    let upMs = UP_MS;
    for (let round = 0; round < ROUNDS; round += 1) {
      const minScore = 0.2 + round / 50;
      const afterMs = pseudoRandom(seed + round) * upMs;
      const told = `seed ${seed}, round ${round}, after ${Math.round(afterMs)} ms`;
      // Each round provisions the board from nothing.
      const door = "**jetfleet:index:Device::door";
      const bare =
        open && round > 0 && stack.on("destroy", "--target", door, "--yes", "--skip-preview");
      if (bare) expect((await bare).ok, (await bare).text).toBe(true);
      stack.declare(program(minScore));
      const cut = stack.startOn("up", "--yes", "--skip-preview", "--suppress-progress");
      const timer = setTimeout(() => cut.interrupt(), afterMs);
      const { text } = await cut.outcome;
      clearTimeout(timer);
      expect(text, told).not.toMatch(/panic|exited prematurely|INTERNAL/);

      const begunMs = performance.now();
      let after = await stack.up(program(minScore));
      if (/currently locked by/.test(after.text)) {
        // The engine does not hear Ctrl-C in the moment when it has locked the stack: what it says helps.
        const cancelled = await stack.cancel();
        expect(cancelled.ok, `${told}\n${cancelled.text}`).toBe(true);
        after = await stack.up(program(minScore));
      }
      upMs = Math.max(UP_MS, performance.now() - begunMs);
      expect(after.ok, `${told}\n${text}\n${after.text}`).toBe(true);
      expect(after.text, told).not.toMatch(/pending operation|unfinished/);
      const { pending, resources } = await stack.state();
      expect(pending, told).toBe(0);
      const names = ["a", "b", "c", ...(open ? ["door"] : []), "people"];
      expect(Object.keys(resources).sort(), told).toEqual(names);
      const config = await open?.board.exec("cat /etc/jetfleet/agent.json");
      if (config) expect(config.stdout, told).toContain(`"score":"${minScore}"`);
      const scores = devices.map(({ desired }) =>
        desired?.pipelines.map((one) => one.detect.minScore),
      );
      expect(scores, told).toEqual([[minScore], [minScore], [minScore]]);
    }
  });
});

/** From 0 to 1, the same for the same seed. */
function pseudoRandom(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}
