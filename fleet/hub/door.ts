import type { Server, Socket } from "node:net";
import type { Log } from "./log.ts";

/** Of one address, at once: connections that have not shown a certificate of the fleet yet. A site may be one address. */
const MOST_STRANGERS_OF_ONE = 128;
/** Of all addresses together. */
const MOST_STRANGERS = 512;
/** Of one address: connections that end as strangers, by second, and how many may come at once. */
const FAILURES_PER_S = 10;
const MOST_FAILURES = 50;
const SAY_EVERY_MS = 10_000;
const MOST_SOURCES = 10_000;

interface Source {
  strangers: number;
  /** Failures that the address has left; below one it is turned away. */
  left: number;
  atMs: number;
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
    if (full || source.left < 1) {
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
    const source = this.#source(address);
    source.strangers -= 1;
    source.left = Math.max(0, source.left - 1);
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
    const nowMs = this.#now();
    const known = this.#sources.get(address);
    if (known) {
      const earned = ((nowMs - known.atMs) / 1000) * FAILURES_PER_S;
      known.left = Math.min(MOST_FAILURES, known.left + earned);
      known.atMs = nowMs;
      return known;
    }
    if (this.#sources.size >= MOST_SOURCES) this.#forget();
    const made = {
      strangers: 0,
      left: MOST_FAILURES,
      atMs: nowMs,
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
