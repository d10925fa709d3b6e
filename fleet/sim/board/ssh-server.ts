import { createServer, type Server as NetServer, type Socket } from "node:net";
import ssh2, { type AuthContext, type Connection } from "ssh2";
import { FleetError } from "../../errors/index.ts";
import type { Behaviour } from "./behaviour.ts";
import { ShapedSocket } from "./shaped-socket.ts";
import { type Launch, serveSession } from "./ssh-session.ts";

export interface SshServerOptions {
  hostPrivateKey: string;
  /** Login names that exist on the board. */
  users: readonly string[];
  /** Content of authorized_keys at the moment of a login. */
  authorizedKeys: () => string;
  launch: Launch;
  behaviour: Behaviour;
  /** Port to try first; any free one when it is taken or 0. */
  port: number;
  /** When true, a taken `port` is an error. */
  portRequired: boolean;
}

/** The board's SSH server: public-key logins only, sessions run inside the board. */
export class SshServer {
  readonly port: number;
  readonly #listener: NetServer;
  readonly #sockets: Set<Socket>;

  private constructor(listener: NetServer, sockets: Set<Socket>, port: number) {
    this.#listener = listener;
    this.#sockets = sockets;
    this.port = port;
  }

  static async listen(options: SshServerOptions): Promise<SshServer> {
    const sockets = new Set<Socket>();
    const ssh = new ssh2.Server(
      { hostKeys: [options.hostPrivateKey], ident: "OpenSSH_jetfleet_simulated" },
      (connection) => serveConnection(connection, options),
    );
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      const { sshDelayMs, sshBytesPerSecond } = options.behaviour;
      const shaped = sshDelayMs !== undefined || sshBytesPerSecond !== undefined;
      ssh.injectSocket(
        shaped ? (new ShapedSocket(socket, options.behaviour) as unknown as Socket) : socket,
      );
    });
    const port = await listenOn(listener, options.port, options.portRequired);
    return new SshServer(listener, sockets, port);
  }

  /** Stops listening and cuts every connection, without a word to the clients: as a power cut does. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function serveConnection(connection: Connection, options: SshServerOptions): void {
  let user = "";
  connection.on("authentication", (attempt) => {
    if (isAuthorized(attempt, options)) {
      user = attempt.username;
      attempt.accept();
    } else {
      attempt.reject(["publickey"]);
    }
  });
  connection.on("session", (accept) => serveSession(accept(), user, options.launch));
  // A client that goes away in the middle is its own affair.
  connection.on("error", () => undefined);
}

function isAuthorized(attempt: AuthContext, options: SshServerOptions): boolean {
  if (attempt.method !== "publickey" || !options.users.includes(attempt.username)) return false;
  for (const line of options.authorizedKeys().split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const key = ssh2.utils.parseKey(line);
    if (key instanceof Error || !key.getPublicSSH().equals(attempt.key.data)) continue;
    // The first, unsigned attempt only asks whether the key would do.
    if (!attempt.signature || !attempt.blob) return true;
    return key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
  }
  return false;
}

async function listenOn(listener: NetServer, port: number, required: boolean): Promise<number> {
  try {
    return await tryListen(listener, port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    if (required) {
      throw new FleetError(
        "PORT_TAKEN",
        `Expected port ${port} for SSH to be free, but it is in use.`,
        { cause: error },
      );
    }
    return await tryListen(listener, 0);
  }
}

function tryListen(listener: NetServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, "127.0.0.1", () => {
      listener.off("error", reject);
      const address = listener.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}
