import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket, type TlsOptions } from "node:tls";
import { sha256Digest } from "../../../fleet/release/index.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

/** A real HTTP server of objects (over TLS when told how) that can be told to misbehave, request by request. */
export class ObjectServer {
  readonly requests: { range?: string; ifRange?: string; peer?: string }[] = [];
  /** Digests that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #objects = new Map<string, Buffer>();
  readonly #server: Server;
  /** Handlers for the next requests, in order; after them the server behaves. */
  readonly script: Handler[] = [];

  readonly #scheme: string;

  private constructor(tls: TlsOptions | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response);
    this.#scheme = tls ? "https" : "http";
    this.#server = tls ? createTlsServer(tls, answer) : createServer(answer);
  }

  static async start(tls?: TlsOptions): Promise<ObjectServer> {
    const server = new ObjectServer(tls);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  put(content: string | Buffer): string {
    const bytes = Buffer.from(content);
    const digest = sha256Digest(bytes);
    this.#objects.set(digest, bytes);
    return digest;
  }

  /** Serves other bytes of the same length in the place of these. */
  spoil(content: string): void {
    this.#objects.set(sha256Digest(content), Buffer.alloc(content.length, "?"));
  }

  drop(digest: string): void {
    this.#objects.delete(digest);
  }

  /** Ends every connection in the middle of whatever it carries. */
  breakConnections(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // Renewal asks a hub for more than objects.
    if (!request.url?.startsWith("/objects/")) return void response.writeHead(404).end();
    const { range } = request.headers;
    const { socket } = request;
    const peer = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined;
    const ifRange = request.headers["if-range"] as string | undefined;
    this.requests.push({
      ...(range === undefined ? {} : { range }),
      ...(ifRange === undefined ? {} : { ifRange }),
      ...(typeof peer === "string" ? { peer } : {}),
    });
    const digest = request.url.split("/objects/")[1] ?? "";
    this.asked.push(digest);
    const bytes = this.#objects.get(digest);
    const handler = this.script.shift() ?? serveRange;
    if (bytes === undefined && handler === serveRange) response.writeHead(404).end();
    else handler(request, response, bytes ?? Buffer.alloc(0));
  }
}

export function serveRange(request: IncomingMessage, response: ServerResponse, bytes: Buffer) {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const etag = `"${sha256Digest(bytes)}"`;
  const condition = request.headers["if-range"];
  if (start > 0 && (condition === undefined || condition === etag)) {
    if (start >= bytes.length) return response.writeHead(416).end();
    const contentRange = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, {
      etag,
      "content-range": contentRange,
      "content-length": bytes.length - start,
    });
    return response.end(bytes.subarray(start));
  }
  response.writeHead(200, { etag, "content-length": bytes.length });
  return response.end(bytes);
}

export function status(code: number, headers: Record<string, string> = {}): Handler {
  return (_request, response) => response.writeHead(code, headers).end();
}

/** Sends the first bytes and then nothing, without closing. */
export function stallAfter(count: number): Handler {
  return (_request, response, bytes) => {
    response.writeHead(200, { etag: `"${sha256Digest(bytes)}"`, "content-length": bytes.length });
    response.write(bytes.subarray(0, count));
  };
}

/** Sends the bytes in so many pieces, one each interval. */
export function drip(pieces: number, intervalMs: number): Handler {
  return (_request, response, bytes) => {
    response.writeHead(200, { etag: `"${sha256Digest(bytes)}"`, "content-length": bytes.length });
    const size = Math.ceil(bytes.length / pieces);
    let sent = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(sent, sent + size));
      sent += size;
      if (sent >= bytes.length) response.end();
      if (sent >= bytes.length || response.destroyed) clearInterval(timer);
    }, intervalMs);
  };
}
