import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Bytes of TCP's payload that went over a link: to the board, and from it. */
export interface Passed {
  toBoard: number;
  fromBoard: number;
}

/**
 * The one link of a board: whatever goes to it and comes from it, by any port, shares a rate in each direction. Delay and
 * what Ethernet, IP and TCP add (some 5 %) are not played.
 */
export class Link {
  readonly passed: Passed = { toBoard: 0, fromBoard: 0 };
  readonly #bytesPerMs: number;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** When each direction has sent what it was given. */
  readonly #freeAtMs: Passed = { toBoard: 0, fromBoard: 0 };

  constructor(bitsPerSecond: number) {
    this.#bytesPerMs = bitsPerSecond / 8 / 1000;
  }

  /**
   * Resolves to a port of this machine behind which its port `target` lies.
   * @param from at which end of the link whoever connects there is
   */
  async open(target: number, from: "machine" | "board"): Promise<number> {
    // Whoever has said all it had to say may still be answered.
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.setNoDelay();
        // Either end may go in the middle.
        socket.on("error", () => {});
        socket.on("close", () => this.#sockets.delete(socket));
      }
      const [out, back] =
        from === "machine"
          ? (["toBoard", "fromBoard"] as const)
          : (["fromBoard", "toBoard"] as const);
      void this.#carry(near, far, out);
      void this.#carry(far, near, back);
    });
    this.#servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #carry(from: Socket, to: Socket, direction: keyof Passed): Promise<void> {
    try {
      // By default the end of what is read would also end what is written there.
      const chunks = from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const chunk of chunks) {
        const nowMs = performance.now();
        const begin = Math.max(nowMs, this.#freeAtMs[direction]);
        this.#freeAtMs[direction] = begin + chunk.length / this.#bytesPerMs;
        await sleep(this.#freeAtMs[direction] - nowMs);
        this.passed[direction] += chunk.length;
        if (!to.write(chunk)) await Promise.race([once(to, "drain"), once(to, "close")]);
      }
      to.end();
    } catch {
      to.destroy();
    }
  }
}
