import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { nodePath } from "../../../../cli/setup/paths.mjs";
import type { DeviceArgs, ModelArgs } from "../../../../infra/sdk/index.ts";

const PROGRAM = join(import.meta.dirname, "../program");
/** For one that hangs; a busy machine takes minutes. */
const DEADLINE_MS = 300_000;

// Plain JavaScript without declarations.
const resolver: string = "../../../../cli/setup/engine/resolve.mjs";
const { resolveEngine } = (await import(resolver)) as {
  resolveEngine(): { pulumi: string; languageHostDir: string };
};

/** The engine; null where there is none, with which a test skips what needs it. Looked up before a world moves the cache. */
export const ENGINE = findEngine();

function findEngine(): { pulumi: string; languageHostDir: string } | null {
  try {
    return resolveEngine();
  } catch {
    return null;
  }
}

export type Options = Pick<
  pulumi.CustomResourceOptions,
  "protect" | "retainOnDelete" | "import" | "aliases" | "customTimeouts" | "ignoreChanges"
> & {
  /** Name of a device that is declared, too. */
  deletedWith?: string;
};

/** What the program in `program/` declares. */
export interface Declared {
  devices?: { as: string; args: DeviceArgs; opts?: Options }[];
  models?: { as: string; args: ModelArgs; opts?: Options }[];
  pipelines?: {
    as: string;
    name?: string;
    device: string;
    model: string;
    uri: string;
    minScore: number;
    opts?: Options;
  }[];
  /** Declared by the provider, as for programs in other languages; a pipeline's `model` may be one of `models`. */
  components?: { as: string; type: "Site" | "Fleet"; args: Record<string, unknown> }[];
}

export interface Outcome {
  ok: boolean;
  text: string;
}

export interface StateResource {
  urn: string;
  type: string;
  id: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  initErrors?: string[];
}

/** One stack of the real engine in a folder of its own, with a local back end. */
export class Stack {
  readonly #dir: string;
  readonly #name: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #program: string;
  #config: Record<string, string> = {};

  private constructor(dir: string, name: string, env: NodeJS.ProcessEnv, program: string) {
    this.#dir = dir;
    this.#program = program;
    this.#name = name;
    mkdirSync(join(dir, "backend"), { recursive: true });
    this.#env = {
      ...process.env,
      PATH: [dirname(nodePath()), ENGINE?.languageHostDir, process.env["PATH"]].join(delimiter),
      PULUMI_HOME: join(dir, "home"),
      PULUMI_BACKEND_URL: `file://${join(dir, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_PARALLEL: "64",
      ...env,
      JETFLEET_TEST_PROGRAM: join(dir, `${name}.program.json`),
    };
  }

  /** `env` is that of the engine, and so of the provider that it starts. */
  static async create(
    dir: string,
    name: string,
    env: NodeJS.ProcessEnv = {},
    program = PROGRAM,
  ): Promise<Stack> {
    const stack = new Stack(dir, name, env, program);
    const init = () => stack.run("stack", "init", name, "--no-select");
    let made = await init();
    // Left by an attempt before, where a test is tried again.
    if (!made.ok && made.text.includes("already exists")) {
      await stack.run("stack", "rm", name, "--force", "--yes");
      made = await init();
    }
    // The settings of a new stack lie beside the program; the tests' own lie elsewhere.
    rmSync(join(program, `Pulumi.${name}.yaml`), { force: true });
    if (!made.ok) throw new Error(made.text);
    return stack;
  }

  /** The same stack as its users have it: the engine starts the provider itself. */
  withOwnProvider(): Stack {
    const { PULUMI_DEBUG_PROVIDERS: _, ...env } = this.#env;
    const stack = new Stack(this.#dir, this.#name, env, this.#program);
    stack.configure(this.#config);
    return stack;
  }

  /** The same stack with another program of its project. */
  running(program: string): Stack {
    const stack = new Stack(this.#dir, this.#name, this.#env, program);
    stack.configure(this.#config);
    return stack;
  }

  /** Settings of the provider, as `pulumi config set jetfleet:KEY` would make them; others with their namespaces. */
  configure(settings: Record<string, string>): void {
    this.#config = { ...this.#config, ...settings };
    const entries = Object.entries(this.#config).map(([key, value]) => [
      key.includes(":") ? key : `jetfleet:${key}`,
      value,
    ]);
    writeFileSync(this.#configFile, JSON.stringify({ config: Object.fromEntries(entries) }));
  }

  declare(declared: Declared): void {
    writeFileSync(this.#env["JETFLEET_TEST_PROGRAM"] ?? "", JSON.stringify(declared));
  }

  /** `pulumi up` of what is declared. */
  async up(declared: Declared, ...args: string[]): Promise<Outcome> {
    this.declare(declared);
    return await this.on("up", "--yes", "--skip-preview", "--suppress-progress", ...args);
  }

  async preview(declared: Declared, ...args: string[]): Promise<Outcome> {
    this.declare(declared);
    return await this.on("preview", "--suppress-progress", ...args);
  }

  /** A command of the engine on this stack. */
  async on(...args: string[]): Promise<Outcome> {
    return await this.startOn(...args).outcome;
  }

  /** One that can be interrupted. */
  startOn(...args: string[]) {
    return this.start([...args, "--stack", this.#name, "--config-file", this.#configFile]);
  }

  /** Frees the stack of an engine that is gone. */
  async cancel(): Promise<Outcome> {
    return await this.run("cancel", "--yes", "--stack", this.#name);
  }

  async run(...args: string[]): Promise<Outcome> {
    return await this.start(args).outcome;
  }

  /** The engine's own file and settings, for who runs it otherwise. */
  get engine(): { command: string; cwd: string; env: NodeJS.ProcessEnv; args: string[] } {
    return {
      ...{ command: ENGINE?.pulumi ?? "", cwd: this.#program, env: this.#env },
      args: ["--stack", this.#name, "--config-file", this.#configFile, "--non-interactive"],
    };
  }

  /** A command that can be interrupted as by Ctrl-C. */
  start(args: string[]): { outcome: Promise<Outcome>; interrupt(): void } {
    const child = spawn(ENGINE?.pulumi ?? "", [...args, "--non-interactive"], {
      cwd: this.#program,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (text += String(chunk)));
    }
    const outcome = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve({ ok: code === 0, text });
      });
    });
    return { outcome, interrupt: () => child.kill("SIGINT") };
  }

  /** The stack's resources of this provider, by their names in the program, and its operations that did not end. */
  async state(): Promise<{
    resources: Record<string, StateResource>;
    pending: number;
    raw: string;
  }> {
    const { text } = await this.run("stack", "export", "--stack", this.#name);
    const { deployment } = JSON.parse(text) as {
      deployment: { resources?: StateResource[]; pending_operations?: unknown[] };
    };
    const own = (deployment.resources ?? []).filter(({ type }) => type.startsWith("jetfleet:"));
    return {
      resources: Object.fromEntries(own.map((one) => [one.urn.split("::").at(-1) ?? "", one])),
      pending: deployment.pending_operations?.length ?? 0,
      raw: text,
    };
  }

  /** Writes a changed state back, as who edits it by hand would. */
  async importState(raw: string): Promise<Outcome> {
    const file = join(this.#dir, `${this.#name}.state.json`);
    writeFileSync(file, raw);
    return await this.run("stack", "import", "--file", file, "--stack", this.#name);
  }

  /** The same stack under another name. */
  async renamed(name: string): Promise<Stack> {
    const answer = await this.run("stack", "rename", name, "--stack", this.#name);
    rmSync(join(this.#program, `Pulumi.${name}.yaml`), { force: true });
    if (!answer.ok) throw new Error(answer.text);
    const stack = new Stack(this.#dir, name, this.#env, this.#program);
    stack.configure(this.#config);
    return stack;
  }

  get #configFile(): string {
    return join(this.#dir, `Pulumi.${this.#name}.yaml`);
  }
}
