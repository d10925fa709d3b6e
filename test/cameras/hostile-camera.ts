import { createServer, type Server, type Socket } from "node:net";

/** One request to a hostile camera, and what it can do in return. */
export interface HostileRequest {
  method: string;
  /** Of CSeq. */
  sequence: string;
  /** Where this camera is. */
  uri: string;
  /** How many requests this camera has had, over all connections. */
  count: number;
  send: (bytes: string | Buffer) => void;
  /** The same bytes for ever, as fast as the client takes them. */
  flood: (bytes: Buffer) => void;
  /** What `next` makes, for ever, once in a while. */
  drip: (next: () => Buffer, everyMs: number) => void;
}

export type Hostility = (request: HostileRequest) => void;

/** An RTSP server that answers each request as it likes. */
export class HostileCamera {
  readonly #hostility: Hostility;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #requests = 0;

  constructor(hostility: Hostility) {
    this.#hostility = hostility;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get requests(): number {
    return this.#requests;
  }

  get uri(): string {
    return `rtsp://127.0.0.1:${this.#port}/cam`;
  }

  async start(): Promise<this> {
    await new Promise<void>((ready) => this.#server.listen(0, "127.0.0.1", ready));
    const address = this.#server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      for (let end = received.indexOf("\r\n\r\n"); end >= 0; end = received.indexOf("\r\n\r\n")) {
        const request = received.slice(0, end);
        received = received.slice(end + 4);
        this.#answer(socket, request);
      }
    });
  }

  #answer(socket: Socket, request: string): void {
    const send = (bytes: string | Buffer): boolean => !socket.destroyed && socket.write(bytes);
    this.#requests += 1;
    this.#hostility({
      method: /\b[A-Z_]+ /.exec(request)?.[0].trim() ?? "",
      sequence: /^cseq: *(\d+)/im.exec(request)?.[1] ?? "0",
      uri: this.uri,
      count: this.#requests,
      send: (bytes) => void send(bytes),
      flood: (bytes) => {
        const more = (): void => {
          while (send(bytes));
          if (!socket.destroyed) socket.once("drain", more);
        };
        more();
      },
      drip: (next, everyMs) => {
        const timer = setInterval(() => void send(next()), everyMs);
        socket.once("close", () => clearInterval(timer));
      },
    });
  }
}
