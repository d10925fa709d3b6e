import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { afterAll } from "vitest";
import type { PipelineVersion } from "../../../agent/update/pipeline-version.ts";
import type { Reported } from "../../../fleet/contract/index.ts";
import { topic } from "../../../fleet/contract/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { TestFleet } from "../../hub/test-fleet.ts";
import { type Received, TestBroker } from "./broker.ts";
import { BOARD, DEVICE, FLEET } from "./desired.ts";
import { ObjectServer } from "./object-server.ts";
import { TestRelease, type Wish } from "./release.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
export const NODE_16 = join(ROOT, `node_modules/node16-linux-${process.arch}/bin/node`);
const SUPPORT = import.meta.dirname;

let built: string | undefined;

/** The folder with agent.cjs, built from the sources as they are, and the helpers; once per test file. */
function builtFolder(): string {
  if (built === undefined) {
    built = mkdtempSync(join(tmpdir(), "jetfleet-bundle-"));
    execFileSync(process.execPath, [join(ROOT, "agent/build.mjs"), join(built, "agent.cjs")]);
    // Stand for the libraries that build: their bytes are part of every engine's key.
    for (const name of ["libjetfleet-backend-onnxruntime.so", "libonnxruntime.so"]) {
      writeFileSync(join(built, name), `a stand-in for ${name}`);
    }
    buildSync({
      entryPoints: ["fake-addon", "set-clock", "slow-disk"].map((name) =>
        join(SUPPORT, `${name}.ts`),
      ),
      outdir: built,
      outExtension: { ".js": ".cjs" },
      platform: "node",
      target: "node16",
      format: "cjs",
      bundle: true,
    });
  }
  return built;
}

afterAll(() => {
  if (built !== undefined) rmSync(built, { recursive: true, force: true });
});

interface SpawnOptions {
  preload?: "slow-disk" | "set-clock";
  env?: Record<string, string>;
  overrides?: Record<string, unknown>;
}

interface Doom {
  state: string;
  /** `entrance` unless said. */
  pipeline?: string;
  generation: number;
  when: string;
  /** Which of the writes of this state: it is written again when the active version changes. */
  write: number;
}

export interface DiskFault {
  fault: "ENOSPC" | "EIO";
  /** Number of the call that fails, from 1 on. */
  at: number;
  /** How long the disk refuses from then on; 0: that call alone. */
  forMs?: number;
}

/** Broker, object server, keys and one real agent process on Node 16 with a state folder of its own. */
export class AgentWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "jetfleet-agent-"));
  readonly bundle = join(builtFolder(), "agent.cjs");
  readonly fakeAddon = join(builtFolder(), "fake-addon.cjs");
  readonly stateDir = join(this.folder, "state");
  readonly release = new TestRelease();
  /** Searched before the machine's own tools. */
  readonly tools = join(this.folder, "bin");
  /** The longest that a rename takes on this disk. */
  diskMs = 30;
  node = existsSync(NODE_16) ? NODE_16 : process.execPath;
  readonly broker: TestBroker;
  readonly objects: ObjectServer;
  log = "";
  /** Where documents say that objects lie, when that is not the hub. */
  artifactUrl: string | null = null;
  /** Those that come with what is deployed, by pipeline. */
  plans: Record<string, PlanSummary> = {};
  #wish: Wish | null = null;
  /** What the device last asked because it had no memory. */
  #asked: string | undefined;
  #agent: ChildProcess | null = null;

  readonly fleet: TestFleet;
  readonly #identityFile: string;

  private constructor(parts: {
    broker: TestBroker;
    objects: ObjectServer;
    fleet: TestFleet;
    identityFile: string;
  }) {
    this.broker = parts.broker;
    this.objects = parts.objects;
    this.fleet = parts.fleet;
    this.#identityFile = parts.identityFile;
    parts.broker.listen((message) => this.#hear(message));
  }

  /** Puts a tool of the board, as a shell script, before the machine's own. */
  installTool(name: string, script: string): void {
    mkdirSync(this.tools, { recursive: true });
    writeFileSync(join(this.tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  static async create(): Promise<AgentWorld> {
    const fleet = await TestFleet.make(FLEET);
    const broker = await TestBroker.start(fleet.server);
    const objects = await ObjectServer.start(fleet.server);
    return new AgentWorld({ broker, objects, fleet, identityFile: await fleet.certify(DEVICE) });
  }

  get pid(): number {
    return this.#agent?.pid ?? -1;
  }

  topic(channel: Parameters<typeof topic>[2], detail?: string): string {
    return topic(FLEET, DEVICE, channel, detail);
  }

  start(overrides: Record<string, unknown> = {}): void {
    this.#spawn({ overrides });
  }

  /** An agent that the power is cut from at a known moment (see slow-disk.ts). */
  startDoomed({ state, pipeline = "entrance", generation, when, write }: Doom): void {
    this.#spawn({
      env: {
        KILL_IN_STATE: state,
        KILL_PIPELINE: pipeline,
        KILL_GENERATION: String(generation),
        KILL_WHEN: when,
        KILL_WRITE: String(write),
      },
    });
  }

  /** An agent whose disk refuses (see slow-disk.ts). */
  startOnFaultyDisk({ fault, at, forMs = 0 }: DiskFault): void {
    this.#spawn({ env: { FAULT: fault, FAULT_AT: String(at), FAULT_MS: String(forMs) } });
  }

  /** An agent whose clock is what the file `clock` says, and set when the file `wish` asks for it (see set-clock.ts). */
  startUnderClock(library: string, { clock, wish }: { clock: string; wish: string }): void {
    this.#spawn({
      preload: "set-clock",
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        // Deadlines go by the clock that does not jump, on a board too.
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        CLOCK_WISH: wish,
      },
    });
  }

  /** An agent whose calls of the disk are counted; `diskCalls` tells them. */
  startCounted(): void {
    this.#spawn({ env: { DISK_CALLS: join(this.folder, "calls") } });
  }

  get diskCalls(): number {
    return Number(readFileSync(join(this.folder, "calls"), "utf8"));
  }

  /** The signal that ended the agent, once it ended. */
  async exit(): Promise<NodeJS.Signals | null> {
    const agent = this.#agent;
    if (agent !== null && agent.exitCode === null && agent.signalCode === null) {
      await new Promise((resolve) => agent.once("exit", resolve));
    }
    return agent?.signalCode ?? null;
  }

  #spawn({ env = {}, overrides = {}, preload = "slow-disk" }: SpawnOptions): void {
    const config = join(this.folder, "agent.json");
    writeFileSync(config, JSON.stringify({ ...this.#config(), ...overrides }), { mode: 0o600 });
    const disk = ["--require", join(builtFolder(), `${preload}.cjs`)];
    const agent = spawn(this.node, [...disk, this.bundle, "run", "--config", config], {
      env: {
        ...process.env,
        PATH: `${this.tools}:${process.env["PATH"]}`,
        DISK_MS: String(this.diskMs),
        ...env,
      },
    });
    for (const stream of [agent.stdout, agent.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        this.log += chunk.toString();
      });
    }
    this.#agent = agent;
  }

  /** As the kernel ends a process: nothing is said, nothing is flushed. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  terminate(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Publishes a composition of these versions as the hub does, again when the device asks for one. */
  async deploy(generation: number, ...versions: PipelineVersion[]): Promise<void> {
    const artifactUrl = this.artifactUrl ?? this.objects.url;
    this.#wish = { generation, artifactUrl, versions, plans: this.plans };
    await this.#compose();
  }

  async #compose(): Promise<void> {
    if (this.#wish === null) return;
    const message = this.release.compose({ ...this.#wish, answers: this.#asked });
    await this.publishDesired(JSON.stringify(message));
  }

  #hear({ topic, payload }: Received): void {
    if (topic !== this.topic("reported")) return;
    const { asks } = payload as Reported;
    if (asks === undefined || asks === this.#asked) return;
    this.#asked = asks;
    void this.#compose();
  }

  publishDesired(message: string | Buffer): Promise<void> {
    return this.broker.publish(this.topic("desired"), message);
  }

  /** The first `reported` that satisfies the test, among those since message number `from`. */
  reported(test: (reported: Reported) => boolean, from = 0, timeoutMs?: number): Promise<Reported> {
    return this.broker.waitFor<Reported>("/reported", test, from, timeoutMs);
  }

  async destroy(): Promise<void> {
    await this.kill();
    await this.broker.stop();
    await this.objects.stop();
    this.fleet.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #config() {
    return {
      fleet: FLEET,
      device: DEVICE,
      board: BOARD,
      hubUrl: this.objects.url,
      mqttUrl: this.broker.url,
      identityFile: this.#identityFile,
      fleetPublicKey: this.release.rootPublicKeyPem,
      stateDir: this.stateDir,
      addonPath: this.fakeAddon,
      watchMs: 600,
      watchDeadlineMs: 3000,
    };
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const agent = this.#agent;
    this.#agent = null;
    if (agent === null || agent.exitCode !== null || agent.signalCode !== null) return;
    const gone = new Promise((resolve) => agent.once("exit", resolve));
    agent.kill(signal);
    await gone;
  }
}
