import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

const TICK_MS = 50;

interface Lane {
  from: Socket;
  to: Socket;
  /** Lanes of one direction share its rate. */
  direction: "out" | "back";
}

/**
 * The network between a board and TCP services of this machine. It can be cut without a word, and slowed to a rate
 * that all connections through it share, per direction.
 */
export class ShapedNetwork {
  readonly #servers: Server[] = [];
  readonly #lanes = new Set<Lane>();
  #bytesPerTick = Number.POSITIVE_INFINITY;
  #passedBytes = { out: 0, back: 0 };
  #cut = false;
  readonly #timer = setInterval(() => this.#pump(), TICK_MS);

  /** Bytes that passed so far, by direction. */
  get passedBytes(): Readonly<Record<Lane["direction"], number>> {
    return this.#passedBytes;
  }

  /** Resolves with a port behind which the port `target` of this machine lies. */
  async open(target: number, at: { host: string; port?: number } = { host: "127.0.0.1" }) {
    const server = createServer((near) => this.#join(near, target));
    this.#servers.push(server);
    await once(server.listen(at.port ?? 0, at.host), "listening");
    return (server.address() as AddressInfo).port;
  }

  /** Nothing passes any more, and nobody is told, as when a cable is pulled somewhere on the way. */
  cut(): void {
    this.#cut = true;
  }

  restore(): void {
    this.#cut = false;
  }

  limit(bitsPerSecond: number): void {
    this.#bytesPerTick = (bitsPerSecond / 8 / 1000) * TICK_MS;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { from } of this.#lanes) from.destroy();
    for (const server of this.#servers) server.close();
  }

  #join(near: Socket, target: number): void {
    const far = connect({ port: target, host: "127.0.0.1" });
    const lanes: Lane[] = [
      { from: near, to: far, direction: "out" },
      { from: far, to: near, direction: "back" },
    ];
    for (const lane of lanes) {
      this.#lanes.add(lane);
      lane.from.pause();
      lane.from.on("error", () => {});
    }
  }

  #pump(): void {
    if (this.#cut) return;
    this.#pumpLanes("out");
    this.#pumpLanes("back");
  }

  #pumpLanes(direction: Lane["direction"]): void {
    const lanes = [...this.#lanes].filter((lane) => lane.direction === direction);
    for (const lane of lanes) if (lane.from.readableLength === 0) lane.from.read(0);
    const waiting = lanes.filter(({ from }) => from.readableLength > 0);
    const share = Math.floor(this.#bytesPerTick / waiting.length);
    for (const { from, to } of waiting) {
      const chunk: unknown = from.read(Math.min(share, from.readableLength));
      if (!(chunk instanceof Uint8Array && to.writable)) continue;
      to.write(chunk);
      this.#passedBytes[direction] += chunk.length;
    }
    // What is closed on one side is closed on the other once all has passed; a cut network tells nobody.
    for (const lane of lanes) {
      const { from, to } = lane;
      if (!from.destroyed && !(from.readableEnded || from.closed)) continue;
      if (from.readableLength > 0 && !from.destroyed) continue;
      to.destroySoon();
      from.destroy();
      this.#lanes.delete(lane);
    }
  }
}
