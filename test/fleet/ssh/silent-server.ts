import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type ServerChannel } from "ssh2";
import type { SshTarget } from "../../../fleet/ssh/index.ts";

/** Where a board may stop answering, in the order of an upload. */
export const STEPS = ["tcp", "auth", "channel", "exec", "data", "answer"] as const;
export type Step = (typeof STEPS)[number];

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
/** Of server and client alike: who they are is not what is tested. */
const KEY = privateKey.export({ type: "pkcs1", format: "pem" }).toString();

/** An SSH server that serves everything but one step, of which it takes the request and never answers. */
export class SilentServer {
  readonly target: SshTarget;
  /** Where files may be sent to. */
  readonly folder: string;
  /** Requests it has heard, `step` among them once it is silent. */
  readonly heard: string[] = [];
  readonly #silentAt: Step | null;
  readonly #stop: () => void;

  private constructor(folder: string, port: number, silentAt: Step | null, stop: () => void) {
    this.#silentAt = silentAt;
    this.folder = folder;
    this.#stop = stop;
    const privateKeyPath = join(folder, "client");
    this.target = { host: "127.0.0.1", port, user: "nvidia", privateKeyPath };
  }

  static async start(silentAt: Step | null): Promise<SilentServer> {
    const folder = mkdtempSync(join(tmpdir(), "jetfleet-silent-"));
    writeFileSync(join(folder, "client"), KEY, { mode: 0o600 });
    const sockets = new Set<Socket>();
    const ssh = new ssh2.Server({ hostKeys: [KEY] }, (client) => serve(client, () => server));
    const gate = createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      if (!server.answers("tcp")) return;
      ssh.injectSocket(socket);
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    const { port } = gate.address() as AddressInfo;
    const server = new SilentServer(folder, port, silentAt, () => {
      gate.close();
      for (const socket of sockets) socket.destroy();
    });
    return server;
  }

  /** Notes the request; false when nobody is to answer it. */
  answers(step: string): boolean {
    this.heard.push(step);
    return step !== this.#silentAt;
  }

  stop(): void {
    this.#stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function serve(client: ssh2.Connection, server: () => SilentServer): void {
  client.on("error", () => {});
  client.on("authentication", (attempt) => {
    if (server().answers("auth")) attempt.accept();
  });
  client.on("session", (accept) => {
    if (!server().answers("channel")) return;
    const session = accept();
    session.on("exec", (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      if (server().answers("exec")) run(command, channel, server());
    });
  });
}

/** As sshd does, but for what is not to be answered: a file's bytes are not read, or its end is not told. */
function run(command: string, channel: ServerChannel, server: SilentServer): void {
  const process = spawn("/bin/sh", ["-c", command], { stdio: "pipe" });
  const takesFile = command.includes("cat \\0076\\0076");
  process.stdin.on("error", () => {});
  if (!takesFile || server.answers("data")) channel.pipe(process.stdin);
  process.stdout.pipe(channel, { end: false });
  process.stderr.pipe(channel.stderr, { end: false });
  channel.on("error", () => {});
  channel.once("close", () => process.kill("SIGKILL"));
  process.once("close", (code) => {
    if (takesFile && !server.answers("answer")) return;
    channel.exit(code ?? 1);
    channel.end();
  });
}
