import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type SFTPWrapper } from "ssh2";
import type { SshTarget } from "../../../fleet/ssh/index.ts";

/** Where a board may stop answering, in the order of an upload. */
export const STEPS = [
  "tcp",
  "auth",
  "channel",
  "exec",
  "sftp",
  "OPEN",
  "WRITE",
  "FSETSTAT",
  "CLOSE",
  "STAT",
  "REMOVE",
  "RENAME",
] as const;
export type Step = (typeof STEPS)[number];

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
/** Of server and client alike: who they are is not what is tested. */
const KEY = privateKey.export({ type: "pkcs1", format: "pem" }).toString();

/** An SSH server that serves everything but one step, of which it takes the request and never answers. */
export class SilentServer {
  readonly target: SshTarget;
  /** Requests it has heard, `step` among them once it is silent. */
  readonly heard: string[] = [];
  readonly #silentAt: Step | null;
  readonly #folder: string;
  readonly #stop: () => void;

  private constructor(folder: string, port: number, silentAt: Step | null, stop: () => void) {
    this.#silentAt = silentAt;
    this.#folder = folder;
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
    rmSync(this.#folder, { recursive: true, force: true });
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
    session.on("exec", (acceptExec) => {
      const channel = acceptExec();
      if (!server().answers("exec")) return;
      channel.exit(0);
      channel.end();
    });
    session.on("sftp", (acceptSftp) => {
      if (server().answers("sftp")) serveFiles(acceptSftp(), server);
    });
  });
}

/** One file that takes everything; draft-ietf-secsh-filexfer-02, without extensions. */
function serveFiles(sftp: SFTPWrapper, server: () => SilentServer): void {
  const { OK } = ssh2.utils.sftp.STATUS_CODE;
  let size = 0;
  sftp.on("OPEN", (id) => {
    size = 0;
    if (server().answers("OPEN")) sftp.handle(id, Buffer.from("1"));
  });
  sftp.on("WRITE", (id, _handle, _offset, data) => {
    size += data.length;
    if (server().answers("WRITE")) sftp.status(id, OK);
  });
  sftp.on("STAT", (id) => {
    const stats = { mode: 0o100600, uid: 0, gid: 0, size, atime: 0, mtime: 0 };
    if (server().answers("STAT")) sftp.attrs(id, stats);
  });
  const ok = (step: Step) => (id: number) => {
    if (server().answers(step)) sftp.status(id, OK);
  };
  sftp.on("FSETSTAT", ok("FSETSTAT"));
  sftp.on("CLOSE", ok("CLOSE"));
  sftp.on("REMOVE", ok("REMOVE"));
  sftp.on("RENAME", ok("RENAME"));
}
