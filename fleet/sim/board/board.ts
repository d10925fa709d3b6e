import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { jetpackOfL4t } from "../../boards/index.ts";
import { FleetError } from "../../errors/index.ts";
import { Behaviour } from "./behaviour.ts";
import { type HostKey, loadHostKey } from "./host-key.ts";
import { IMAGES, type PlayedBoard } from "./images.ts";
import { bootNamespace, type Namespace } from "./namespace.ts";
import { prepareRootFolder } from "./root-folder.ts";
import { SshServer } from "./ssh-server.ts";
import { type BoardInfo, readBoardInfo, writeBoardInfo } from "./state-file.ts";

export interface BoardOptions {
  name: string;
  board: PlayedBoard;
  /** The board's own folder: root, host key, board.json. Keeps the unit's identity between runs. */
  dir: string;
  /** Public keys in authorized_keys form that may log in as `nvidia` or `root`. */
  authorizedKeys: string;
  /** Fixed SSH port; when absent the recorded one is tried first, then any. */
  sshPort?: number | undefined;
  behaviour?: Behaviour | undefined;
  /** Folder of an unpacked system of arm64 and its emulator: programs of arm64 run on the board, and it says aarch64. */
  userland?: string | undefined;
}

export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const LOGIN_USERS = ["nvidia", "root"];
const SHUTDOWN_DEADLINE_MS = 15_000;

/** Makes and switches on a simulated board. Nothing of it outlives this process. */
export async function startBoard(options: BoardOptions): Promise<SimulatedBoard> {
  await fs.mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await fs.realpath(options.dir);
  const lock = await lockFolder(dir);
  try {
    const recorded = await readBoardInfo(dir);
    const board = new SimulatedBoard(
      { ...options, dir },
      await loadHostKey(dir),
      recorded?.sshPort ?? 0,
      lock,
    );
    await board.boot();
    return board;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** A unit on the bench: can be switched off and on, cut from power, and spoken to over SSH. */
export class SimulatedBoard {
  /** Changes take effect for new SSH connections; the disk limit at the next boot. */
  readonly behaviour: Behaviour;
  readonly #options: BoardOptions;
  readonly #hostKey: HostKey;
  readonly #lock: Server;
  #sshPort: number;
  #power: { namespace: Namespace; ssh: SshServer } | null = null;
  #info: BoardInfo | null = null;

  constructor(options: BoardOptions, hostKey: HostKey, recordedPort: number, lock: Server) {
    this.#options = options;
    this.#hostKey = hostKey;
    this.#sshPort = recordedPort;
    this.#lock = lock;
    this.behaviour = Behaviour.parse(options.behaviour ?? {});
  }

  get info(): BoardInfo {
    if (!this.#info)
      throw new FleetError("INTERNAL", "A board has no address before its first boot.");
    return this.#info;
  }

  get isOn(): boolean {
    return this.#power !== null;
  }

  /** Switches the board on, with the root it had, and waits until its units are started. */
  async boot(): Promise<void> {
    if (this.#power) return;
    const { name, board, dir, authorizedKeys, sshPort, userland } = this.#options;
    const { buildSeconds, card, containers } = this.behaviour;
    await prepareRootFolder({
      ...{ name, board, dir, authorizedKeys },
      ...{ buildSeconds, card, containers },
    });
    const namespace = await bootNamespace({
      dir,
      hostname: name,
      diskLimitBytes: this.behaviour.diskLimitBytes,
      userland,
    });
    try {
      const ssh = await SshServer.listen({
        hostPrivateKey: this.#hostKey.privateKey,
        users: LOGIN_USERS,
        authorizedKeys: () =>
          readFileSync(join(dir, "root/home/nvidia/.ssh/authorized_keys"), "utf8"),
        launch: (command, env) => namespace.spawn(command, env),
        behaviour: this.behaviour,
        port: sshPort || this.#sshPort,
        portRequired: Boolean(sshPort),
      });
      this.#sshPort = ssh.port;
      this.#power = { namespace, ssh };
    } catch (error) {
      await namespace.kill();
      throw error;
    }
    void namespace.ended.then(() => this.#afterEnd(namespace));
    await this.#record(process.pid);
  }

  /** Takes the power away: every process inside and every connection is gone in an instant; the root stays. */
  async powerCut(): Promise<void> {
    const power = this.#power;
    this.#power = null;
    await Promise.all([power?.namespace.kill(), power?.ssh.close()]);
  }

  /** Shuts the board down in order (units are stopped), gives its folder free and marks board.json as stopped. */
  async stop(): Promise<void> {
    const power = this.#power;
    this.#power = null;
    await power?.namespace.shutDown(SHUTDOWN_DEADLINE_MS);
    await power?.ssh.close();
    if (this.#info) await this.#record(0);
    this.#lock.close();
  }

  /** Runs a shell command inside as root, past SSH. */
  async exec(command: string, input = ""): Promise<CommandResult> {
    if (!this.#power) throw new FleetError("INTERNAL", `Board ${this.#options.name} is off.`);
    const env = {
      HOME: "/root",
      USER: "root",
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    };
    const process = await this.#power.namespace.spawn(["/bin/bash", "-c", command], env);
    process.stdin.end(input);
    const [exit, stdout, stderr] = await Promise.all([
      process.ended,
      text(process.stdout),
      text(process.stderr),
    ]);
    return { ...exit, stdout, stderr };
  }

  /** The board went off from inside: `reboot` brings it back, anything else leaves it off. */
  async #afterEnd(namespace: Namespace): Promise<void> {
    if (this.#power?.namespace !== namespace) return;
    const { ssh } = this.#power;
    this.#power = null;
    await ssh.close();
    if (namespace.request === "reboot") await this.boot();
    else await this.#record(0);
  }

  async #record(pid: number): Promise<void> {
    const { name, board, dir } = this.#options;
    this.#info = {
      pid,
      name,
      board,
      jetpack: jetpackOf(board),
      host: "127.0.0.1",
      sshPort: this.#sshPort,
      hostKey: this.#hostKey.fingerprint,
      simulated: true,
    };
    await writeBoardInfo(dir, this.#info);
  }
}

/** "none" of a PC. */
function jetpackOf(board: PlayedBoard): string {
  const { l4t } = IMAGES[board];
  return l4t === null ? "none" : (jetpackOfL4t(l4t) ?? "unknown");
}

/** One process at a time may run a board. An abstract socket is a lock that cannot outlive its holder. */
async function lockFolder(dir: string): Promise<Server> {
  const name = `\0jetfleet-board-${createHash("sha256").update(dir).digest("hex").slice(0, 32)}`;
  const lock = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    lock.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EADDRINUSE") return reject(cause);
      reject(
        new FleetError(
          "SIM_BUSY",
          `Expected to run the board in ${dir}, but another process runs it.`,
        ),
      );
    });
    lock.listen(name, resolve);
  });
  lock.unref();
  return lock;
}
