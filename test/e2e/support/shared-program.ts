import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { demoPulumi } from "../../../cli/setup/pulumi-env.mjs";
import type { Decoder, ModelInput, RegionSpec, SecondarySpec } from "../../../fleet/spec/index.ts";
import { runPulumi, type UpAnswer } from "./run-pulumi.ts";
import { DEVICE, type SmallWorld } from "./small-world.ts";

const PROGRAM = fileURLToPath(new URL("shared", import.meta.url));

/** One Model of the program for all that name its file. */
export interface SharedModel {
  /** ONNX file. */
  model: string;
  labels?: string[];
  decoder?: Decoder | undefined;
  input?: ModelInput | undefined;
}

/** The model that detects is that of the world unless said otherwise. */
export interface SharedPipeline extends Partial<SharedModel> {
  name: string;
  minScore: number;
  /** URIs by name; the world's camera alone unless said otherwise. */
  sources?: Record<string, string>;
  isTracked?: boolean;
  regions?: RegionSpec[];
  secondary?: Record<string, Partial<SecondarySpec> & { of: SharedModel }>;
}

/** What the program in `shared/` reads. */
export interface Declared {
  fleet: { hubUrl: string; fleet: string; operatorCredentials: string; signingKey: string };
  device: {
    name: string;
    address: string;
    port: number;
    ssh: { privateKeyPath: string; hostKey: string };
  };
  /** Of the device when another program declares it. */
  board: "agx-xavier" | null;
  cameraUri: string;
  pipelines: (SharedPipeline & SharedModel)[];
}

/** One of several programs that share the world's device, each with a stack and provider processes of its own. */
export class SharedProgram {
  readonly #world: SmallWorld;
  readonly #stack: string;
  readonly #board: Declared["board"];
  readonly #folder: string;

  private constructor(world: SmallWorld, stack: string, board: Declared["board"]) {
    this.#world = world;
    this.#board = board;
    this.#stack = stack;
    this.#folder = path.join(world.demo.paths.state, "shared", stack);
  }

  /** Makes the stack, whose salt the engine writes beside the Pulumi.yaml that it is made by. */
  static async create(
    world: SmallWorld,
    stack: string,
    board: Declared["board"] = null,
  ): Promise<SharedProgram> {
    const program = new SharedProgram(world, stack, board);
    const folder = program.#folder;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, "Pulumi.yaml"), "name: shared\nruntime: nodejs\n");
    const { command, env } = program.#engine();
    const made = await runPulumi(command, ["stack", "init", stack, "--no-select"], {
      cwd: folder,
      env,
    });
    if (made.code !== 0) throw new Error(made.text);
    await rename(path.join(folder, `Pulumi.${stack}.yaml`), program.#configFile);
    return program;
  }

  /** `pulumi up` of these pipelines and no others on the world's device. */
  up(pipelines: readonly SharedPipeline[], changes: { hubUrl?: string } = {}): Promise<UpAnswer> {
    return this.#run(["up", "--yes", "--skip-preview"], pipelines, changes);
  }

  /** `pulumi preview` of the same. */
  preview(pipelines: readonly SharedPipeline[]): Promise<UpAnswer> {
    return this.#run(["preview"], pipelines, {});
  }

  async #run(
    command: readonly string[],
    pipelines: readonly SharedPipeline[],
    changes: { hubUrl?: string },
  ): Promise<UpAnswer> {
    const { board, hub, demo, model, cameraUri } = this.#world;
    if (!board || !hub) throw new Error("board and hub have not started yet");
    const { operatorFile, signingKey, sshKey } = demo.paths;
    const declared: Declared = {
      fleet: {
        hubUrl: changes.hubUrl ?? hub.httpUrl,
        fleet: hub.fleet,
        operatorCredentials: operatorFile,
        signingKey,
      },
      device: {
        name: DEVICE,
        address: board.host,
        port: board.sshPort,
        ssh: { privateKeyPath: sshKey, hostKey: board.hostKey },
      },
      board: this.#board,
      cameraUri,
      pipelines: pipelines.map((one) => ({ model, ...one })),
    };
    const file = path.join(this.#folder, "program.json");
    await writeFile(file, JSON.stringify(declared));
    const { command: pulumi, env } = this.#engine();
    const stack = ["--stack", this.#stack, "--config-file", this.#configFile];
    return await runPulumi(pulumi, [...command, "--suppress-progress", ...stack], {
      cwd: PROGRAM,
      env: { ...env, JETFLEET_TEST_PROGRAM: file },
    });
  }

  get #configFile(): string {
    return path.join(this.#folder, "config.yaml");
  }

  #engine(): { command: string; env: NodeJS.ProcessEnv } {
    const { command, env } = demoPulumi(this.#world.demo.env);
    const { PULUMI_STACK: _, PULUMI_OPTION_CONFIG_FILE: __, ...rest } = env;
    return { command, env: rest };
  }
}
