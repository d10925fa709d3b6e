import * as fs from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { accountOf } from "./accounts.ts";
import { JournalWriter } from "./journal.ts";
import { isMapped, UNIT_DIR } from "./unit.ts";
import { parseSocketFile, type Service, type SocketSettings } from "./unit-file.ts";
import { INITIAL, type UnitState } from "./unit-machine.ts";

/** Starts an instance, of this name, of a template for a connection. */
type OnConnection = (instance: string, template: string, socket: Socket) => void;

/** A socket with Accept=yes: every connection gets an instance of the service of the same name. */
export class SocketUnit {
  readonly name: string;
  readonly path: string;
  state: UnitState = INITIAL;
  readonly mainPid = 0;
  startedAtMs = 0;
  #settings: SocketSettings;
  #loadedMtimeMs = 0;
  #server: Server | null = null;
  #count = 0;
  readonly #journal: JournalWriter;
  readonly #onConnection: OnConnection;

  constructor(name: string, onConnection: OnConnection) {
    this.name = name;
    this.path = `${UNIT_DIR}/${name}`;
    this.#journal = new JournalWriter(name);
    this.#onConnection = onConnection;
    this.#settings = this.#read();
  }

  get service(): Service {
    return this.#settings.service;
  }

  get needsReload(): boolean {
    return fs.statSync(this.path, { throwIfNoEntry: false })?.mtimeMs !== this.#loadedMtimeMs;
  }

  reload(): void {
    if (fs.existsSync(this.path)) this.#settings = this.#read();
  }

  start(): void {
    if (this.#server !== null) return;
    const { path, directoryMode } = this.#settings;
    fs.mkdirSync(dirname(path), { recursive: true, mode: directoryMode });
    fs.rmSync(path, { force: true });
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
    // Whatever is wrong with a socket, the board goes on.
    server.on("error", (error) => this.#fail(error));
    server.listen(path, () => {
      try {
        this.#giveRights();
      } catch (error) {
        this.#fail(error as Error);
      }
    });
    this.#server = server;
    this.startedAtMs = Date.now();
    this.state = { ...INITIAL, phase: "running" };
    this.#note(`Listening on ${this.service.description || this.name}.`);
  }

  stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.state = INITIAL;
    if (server === null) return Promise.resolve();
    return new Promise((resolve) => server.close(() => resolve()));
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  resetFailed(): void {
    // A socket does not fail here.
  }

  kill(): void {
    // It has no process.
  }

  processes(): number[] {
    return [];
  }

  #read(): SocketSettings {
    this.#loadedMtimeMs = fs.statSync(this.path).mtimeMs;
    return parseSocketFile(fs.readFileSync(this.path, "utf8"));
  }

  #giveRights(): void {
    const { path, user, group, mode } = this.#settings;
    if (user !== null) {
      const { uid, gid } = accountOf(user, group, []);
      if (isMapped(uid)) fs.chownSync(path, uid, gid);
    }
    fs.chmodSync(path, mode);
  }

  #accept(socket: Socket): void {
    const base = this.name.replace(/\.socket$/, "");
    this.#count += 1;
    try {
      this.#onConnection(`${base}@${this.#count}.service`, `${base}@.service`, socket);
    } catch (error) {
      this.#note(`${this.name}: Failed to start an instance: ${(error as Error).message}`);
      socket.destroy();
    }
  }

  #fail(error: Error): void {
    this.#note(`${this.name}: Failed to listen: ${error.message}`);
    this.#server?.close();
    this.#server = null;
    this.state = { ...INITIAL, phase: "failed", result: "exit-code" };
  }

  #note(message: string): void {
    this.#journal.write("systemd", 1, message);
  }
}
