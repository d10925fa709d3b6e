import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { afterAll } from "vitest";
import type { FormerDesired, Reported } from "../../../fleet/contract/index.ts";
import { topic } from "../../../fleet/contract/index.ts";
import { PASSWORD, TestBroker } from "./broker.ts";
import { DEVICE, desiredOf, FLEET, signedText } from "./desired.ts";
import { createKeyPair } from "./keys.ts";
import { ObjectServer } from "./object-server.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
export const NODE_16 = join(ROOT, `node_modules/node16-linux-${process.arch}/bin/node`);
const SUPPORT = import.meta.dirname;

let built: string | undefined;

/** The folder with agent.cjs, built from the sources as they are, and the helpers; once per test file. */
function builtFolder(): string {
  if (built === undefined) {
    built = mkdtempSync(join(tmpdir(), "jetfleet-bundle-"));
    execFileSync(process.execPath, [join(ROOT, "agent/build.mjs"), join(built, "agent.cjs")]);
    buildSync({
      entryPoints: ["fake-addon", "kill-in-state"].map((name) => join(SUPPORT, `${name}.ts`)),
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
  nodeOptions?: string[];
  env?: Record<string, string>;
  overrides?: Record<string, unknown>;
}

interface Doom {
  state: string;
  generation: number;
  when: string;
  /** Which of the writes of this state: it is written again when the active version changes. */
  write: number;
}

/** Broker, object server, keys and one real agent process on Node 16 with a state folder of its own. */
export class AgentWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "jetfleet-agent-"));
  readonly bundle = join(builtFolder(), "agent.cjs");
  readonly fakeAddon = join(builtFolder(), "fake-addon.cjs");
  readonly stateDir = join(this.folder, "state");
  readonly keys = createKeyPair();
  /** Searched before the machine's own tools. */
  readonly tools = join(this.folder, "bin");
  node = existsSync(NODE_16) ? NODE_16 : process.execPath;
  readonly broker: TestBroker;
  readonly objects: ObjectServer;
  log = "";
  #agent: ChildProcess | null = null;

  private constructor(broker: TestBroker, objects: ObjectServer) {
    this.broker = broker;
    this.objects = objects;
  }

  /** Puts a tool of the board, as a shell script, before the machine's own. */
  installTool(name: string, script: string): void {
    mkdirSync(this.tools, { recursive: true });
    writeFileSync(join(this.tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  static async create(): Promise<AgentWorld> {
    return new AgentWorld(await TestBroker.start(), await ObjectServer.start());
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

  /** An agent that the power is cut from at a known moment (see kill-in-state.ts). */
  startDoomed({ state, generation, when, write }: Doom): void {
    this.#spawn({
      nodeOptions: ["--require", join(builtFolder(), "kill-in-state.cjs")],
      env: {
        KILL_IN_STATE: state,
        KILL_GENERATION: String(generation),
        KILL_WHEN: when,
        KILL_WRITE: String(write),
      },
    });
  }

  /** The signal that ended the agent, once it ended. */
  async exit(): Promise<NodeJS.Signals | null> {
    const agent = this.#agent;
    if (agent !== null && agent.exitCode === null && agent.signalCode === null) {
      await new Promise((resolve) => agent.once("exit", resolve));
    }
    return agent?.signalCode ?? null;
  }

  #spawn({ nodeOptions = [], env = {}, overrides = {} }: SpawnOptions): void {
    const config = join(this.folder, "agent.json");
    writeFileSync(config, JSON.stringify({ ...this.#config(), ...overrides }), { mode: 0o600 });
    const agent = spawn(this.node, [...nodeOptions, this.bundle, "run", "--config", config], {
      env: { ...process.env, PATH: `${this.tools}:${process.env["PATH"]}`, ...env },
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

  async deploy(document: Partial<FormerDesired> & { generation: number }): Promise<void> {
    const full = desiredOf({ artifactUrl: this.objects.url, ...document });
    await this.publishDesired(signedText(full, this.keys.privateKeyPem));
  }

  publishDesired(message: string | Buffer): Promise<void> {
    return this.broker.publish(this.topic("desired"), message);
  }

  /** The first `reported` that satisfies the test, among those since message number `from`. */
  reported(test: (reported: Reported) => boolean, from = 0): Promise<Reported> {
    return this.broker.waitFor<Reported>("/reported", test, from);
  }

  async destroy(): Promise<void> {
    await this.kill();
    await this.broker.stop();
    await this.objects.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #config() {
    return {
      fleet: FLEET,
      device: DEVICE,
      board: "tx2",
      hubUrl: this.objects.url,
      mqttUrl: this.broker.url,
      username: DEVICE,
      password: PASSWORD,
      fleetPublicKey: this.keys.publicKeyPem,
      stateDir: this.stateDir,
      addonPath: this.fakeAddon,
      watchMs: 300,
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
