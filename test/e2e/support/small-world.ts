import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endPart, ensureRunning, type Part } from "../../../cli/demo/background.ts";
import { ensureKeys } from "../../../cli/demo/keys.ts";
import { type BoardReady, boardPart, FLEET, hubPart } from "../../../cli/demo/parts.ts";
import { writeStackConfig } from "../../../cli/demo/stack.ts";
import { demoPulumi } from "../../../cli/setup/pulumi-env.mjs";
import { HubClient, type HubRecord } from "../../../fleet/hub/client/index.ts";
import type { Behaviour } from "../../../fleet/sim/board/behaviour.ts";
import { type Camera, type CameraOptions, startCamera } from "../../../fleet/sim/camera/index.ts";
import type { BoardName } from "../../../fleet/spec/index.ts";
import { tinyModel } from "../../native/tiny-model.ts";
import { DemoWorld } from "./demo-world.ts";
import { runPulumi, type UpAnswer } from "./run-pulumi.ts";
import type { ShapedNetwork } from "./shaped-network.ts";

export const DEVICE = "door";
const PROGRAM = fileURLToPath(new URL("program", import.meta.url));
/** What `deploy` may say otherwise than the world as it is. */
export interface StackChanges {
  board?: BoardName;
  sshKey?: string;
  hostKey?: string;
  cameraUri?: string;
  model?: string;
  labels?: string[];
  hubUrl?: string;
}

interface UpOptions {
  pipelineTimeout?: string;
  /** When an `up` that hangs is interrupted. */
  deadlineMs?: number;
  preview?: boolean;
  args?: string[];
}

/**
 * The least that is a fleet: one hub, one simulated board, a model of a few kilobytes and the real Pulumi engine on
 * the quickstart program. Tests drive it by the commands that a user types, and break it by what it is made of.
 */
export class SmallWorld {
  readonly demo: DemoWorld;
  /** An ONNX detector that finds one "thing" in every picture. */
  readonly model: string;
  hub: HubRecord | null = null;
  board: BoardReady | null = null;
  camera: Camera | null = null;
  /** Of the last camera that was started; nothing answers there when it is gone. */
  cameraUri = "rtsp://127.0.0.1:9/scene";
  readonly #signal = new AbortController().signal;
  #boardPart: Part<BoardReady>;

  readonly #board: BoardName;
  readonly #userland: string | null;

  private constructor(demo: DemoWorld, board: BoardName, userland: string | null) {
    this.demo = demo;
    this.#board = board;
    this.#userland = userland;
    this.model = path.join(demo.paths.state, "tiny.onnx");
    this.#boardPart = boardPart(demo.paths, { name: DEVICE, board });
  }

  /** `userland`: an unpacked system of arm64, whose programs the board then runs. */
  static async create(board: BoardName = "tx2", userland: string | null = null) {
    const world = new SmallWorld(await DemoWorld.create(), board, userland);
    // The functions of cli/demo that write the stack's configuration read it from here.
    process.env["JETFLEET_STATE_DIR"] = world.demo.paths.state;
    await ensureKeys(world.demo.paths);
    await writeFile(world.model, tinyModel());
    await Promise.all([world.startHub(), world.startBoard()]);
    return world;
  }

  async startHub(): Promise<void> {
    this.hub = (await ensureRunning(hubPart(this.demo.paths), this.#signal)).ready;
  }

  /** The hub is gone in an instant, as when its machine loses power. */
  killHub(): Promise<void> {
    return killAndWait(this.hub?.pid);
  }

  async startBoard(behaviour: Behaviour = {}): Promise<void> {
    const part = boardPart(this.demo.paths, { name: DEVICE, board: this.#board });
    const odd = Object.keys(behaviour).length > 0;
    const args = [
      ...part.args,
      ...(odd ? ["--behaviour", JSON.stringify(behaviour)] : []),
      ...(this.#userland ? ["--userland", this.#userland] : []),
    ];
    this.#boardPart = { ...part, args };
    this.board = (await ensureRunning(this.#boardPart, this.#signal)).ready;
  }

  /** In order, as by its power button. */
  async stopBoard(): Promise<void> {
    await endPart(this.#boardPart);
  }

  /** Everything that runs on the board dies with this process: a power cut. */
  async cutPower(): Promise<void> {
    const record = path.join(this.#boardPart.folder, "board.json");
    const { pid } = JSON.parse(await readFile(record, "utf8")) as { pid: number };
    await killAndWait(pid);
  }

  /** A camera small enough for a busy machine, on the port of the one before. */
  async startCamera(options: CameraOptions = {}): Promise<void> {
    const port = this.camera ? Number(new URL(this.cameraUri).port) : 0;
    this.camera = await startCamera({ port, width: 320, height: 240, fps: 10, ...options });
    this.cameraUri = this.camera.rtspUrl;
  }

  /** A file on the board's disk, as this machine sees it. */
  onBoard(file: string): string {
    return path.join(this.#boardPart.folder, "root", file);
  }

  /** Where the hub is to be found through a network that a test has in its hands. */
  async reachHubThrough(network: ShapedNetwork): Promise<{ httpUrl: string; mqttUrl: string }> {
    const { httpUrl = "", mqttUrl = "" } = this.hub ?? {};
    const through = async (url: string) => {
      const moved = new URL(url);
      moved.port = String(await network.open(Number(moved.port)));
      return moved.href.replace(/\/$/, "");
    };
    return { httpUrl: await through(httpUrl), mqttUrl: await through(mqttUrl) };
  }

  /** Gives the agent on the board another way to the broker than the provider did. */
  async moveBroker(mqttUrl: string): Promise<void> {
    const file = this.onBoard("etc/jetfleet/agent.json");
    const config = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...config, mqttUrl }));
    const { code, text } = await this.demo.ssh(DEVICE, "sudo systemctl restart jetfleet-agent");
    if (code !== 0) throw new Error(`the agent did not restart: ${text}`);
  }

  async configure(changes: StackChanges = {}): Promise<void> {
    const { board, hub } = this;
    if (!board || !hub) throw new Error("board and hub have not started yet");
    const { paths } = this.demo;
    await writeStackConfig(
      {
        fleet: FLEET,
        hubUrl: changes.hubUrl ?? hub.httpUrl,
        paths: { ...paths, sshKey: changes.sshKey ?? paths.sshKey },
        boards: [
          {
            ...board,
            board: changes.board ?? board.board,
            hostKey: changes.hostKey ?? board.hostKey,
          },
        ],
        cameraUri: changes.cameraUri ?? this.cameraUri,
        video: null,
        model: { source: changes.model ?? this.model, labels: changes.labels ?? ["thing"] },
      },
      this.#signal,
    );
    // The program's budget is for the demo's camera; outages break it, and this one is smaller.
    await this.pulumi(["config", "set", "quickstart:budget", "{}"]);
  }

  /** `pulumi up` as a user types it; `pipelineTimeout` as customTimeouts of the program's pipeline. */
  up(options: UpOptions = {}): Promise<UpAnswer> {
    const preview = options.preview ? [] : ["--skip-preview"];
    const args = ["up", "--yes", ...preview, "--suppress-progress", ...(options.args ?? [])];
    return this.pulumi(args, options);
  }

  pulumi(
    args: readonly string[],
    { pipelineTimeout, deadlineMs }: Pick<UpOptions, "pipelineTimeout" | "deadlineMs"> = {},
  ): Promise<UpAnswer> {
    const { command, cwd, env } = demoPulumi(this.demo.env);
    const wait = pipelineTimeout ? { JETFLEET_TEST_PIPELINE_TIMEOUT: pipelineTimeout } : {};
    const folder = pipelineTimeout ? PROGRAM : cwd;
    return runPulumi(command, args, { cwd: folder, env: { ...env, ...wait }, deadlineMs });
  }

  /** Names of the resources in Pulumi's state, and its operations that were begun and not ended. */
  async state(): Promise<{ resources: string[]; pending: number }> {
    const { text } = await this.pulumi(["stack", "export"]);
    const { deployment } = JSON.parse(text) as {
      deployment: { resources?: { urn: string }[]; pending_operations?: unknown[] };
    };
    const urns = (deployment.resources ?? []).map(({ urn }) => urn);
    return {
      resources: urns.flatMap((urn) => /::jetfleet:index:(.*)$/.exec(urn)?.[1] ?? []).sort(),
      pending: deployment.pending_operations?.length ?? 0,
    };
  }

  get mqttUrl(): string {
    return this.hub?.mqttUrl ?? "";
  }

  client(): HubClient {
    if (!this.hub) throw new Error("the hub has not started yet");
    return new HubClient({
      httpUrl: this.hub.httpUrl,
      identityFile: this.demo.paths.operatorFile,
    });
  }

  /** Ends every process of this world and removes its folder. What was deployed goes with the board's disk. */
  async end(): Promise<void> {
    await this.camera?.stop();
    await endPart(this.#boardPart);
    await endPart(hubPart(this.demo.paths));
    await rm(this.demo.paths.state, { recursive: true, force: true });
  }
}

async function killAndWait(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error("nothing to kill");
  process.kill(pid, "SIGKILL");
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // A zombie is as dead as can be until its parent, this process, hears of it.
    if (stat === "" || /\) Z /.test(stat)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`process ${pid} outlived SIGKILL`);
}
