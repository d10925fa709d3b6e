import type { Server, Socket } from "node:net";
import type { Log } from "./log.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Of one address, at once: connections that have not shown a certificate of the fleet yet. A site may be one address. */
const MOST_STRANGERS_OF_ONE = 128;
/** Of all addresses together. */
const MOST_STRANGERS = 512;
/** Of one address: connections that end as strangers. */
const FAILURES = { perSecond: 10, most: 50 };
const SAY_EVERY_MS = 10_000;
const MOST_SOURCES = 10_000;

interface Source {
  strangers: number;
  /** Below one the address is turned away. */
  failures: TokenBucket;
  turnedAway: number;
  saidAtMs: number;
}

/**
 * In front of the handshake, which is what costs: an address that floods the hub with strangers is turned away at once,
 * and others find a place. Who has shown a certificate of the fleet is a stranger no longer and counts for nothing here.
 */
export class Door {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #sources = new Map<string, Source>();
  /** Addresses of strangers, by address and port. */
  readonly #strangers = new Map<string, string>();

  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** To be called for each TLS server. */
  watch(server: Server): void {
    server.prependListener("connection", (socket: Socket) => {
      const { remoteAddress: address = "", remotePort: port = 0 } = socket;
      if (!this.arrive(address, port)) socket.destroy();
      else socket.once("close", () => this.end(address, port));
    });
    server.on("secureConnection", ({ remoteAddress = "", remotePort = 0 }: Socket) =>
      this.known(remoteAddress, remotePort),
    );
  }

  /** False when the connection is to be closed. */
  arrive(address: string, port: number): boolean {
    const source = this.#source(address);
    const full =
      source.strangers >= MOST_STRANGERS_OF_ONE || this.#strangers.size >= MOST_STRANGERS;
    if (full || source.failures.left(this.#now()) < 1) {
      this.#turnAway(address, source);
      return false;
    }
    source.strangers += 1;
    this.#strangers.set(`${address} ${port}`, address);
    return true;
  }

  /** The connection has shown a certificate of the fleet. */
  known(address: string, port: number): void {
    if (this.#strangers.delete(`${address} ${port}`)) this.#source(address).strangers -= 1;
  }

  /** The connection is over; one that was still a stranger's is a failure. */
  end(address: string, port: number): void {
    if (!this.#strangers.delete(`${address} ${port}`)) return;
    this.#source(address).strangers -= 1;
    this.failed(address);
  }

  failed(address: string): void {
    const { failures } = this.#source(address);
    // Many that end at once leave no debt.
    failures.take(Math.min(1, failures.left(this.#now())));
  }

  #turnAway(address: string, source: Source): void {
    source.turnedAway += 1;
    const nowMs = this.#now();
    if (nowMs - source.saidAtMs < SAY_EVERY_MS) return;
    this.#log("connections turned away", { peer: address, count: source.turnedAway });
    source.turnedAway = 0;
    source.saidAtMs = nowMs;
  }

  #source(address: string): Source {
    const known = this.#sources.get(address);
    if (known) return known;
    if (this.#sources.size >= MOST_SOURCES) this.#forget();
    const made = {
      strangers: 0,
      failures: new TokenBucket(FAILURES, this.#now()),
      turnedAway: 0,
      saidAtMs: -Infinity,
    };
    this.#sources.set(address, made);
    return made;
  }

  /** The oldest without a connection; their failures go with them. */
  #forget(): void {
    for (const [address, { strangers }] of this.#sources) {
      if (strangers === 0) this.#sources.delete(address);
      if (this.#sources.size <= MOST_SOURCES / 2) return;
    }
  }
}
