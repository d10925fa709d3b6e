import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What becomes of one connection through the relay. */
export interface Conduct {
  /** On the way to the server. */
  bytesPerSecond?: number;
  /** After so many bytes to the server nothing passes any more, and nobody is told. */
  silentAfter?: number;
  /** After so many bytes to the server both ends are cut. */
  cutAfter?: number;
  /** Nothing passes after those bytes; it comes to its end only when this resolves. */
  once?: Promise<void>;
}

/** A link to a server that is slow, dies or goes silent; the last conduct holds for all later connections. */
export class Relay {
  readonly port: number;
  /** Bytes that each connection carried to the server. */
  readonly carried: number[] = [];
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  static async start(serverPort: number, conducts: readonly Conduct[]): Promise<Relay> {
    const sockets = new Set<Socket>();
    const gate = createServer((client) => {
      const server = connect(serverPort, "127.0.0.1");
      for (const socket of [client, server]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          client.destroy();
          server.destroy();
        });
      }
      const index = relay.carried.push(0) - 1;
      const conduct = conducts[Math.min(index, conducts.length - 1)] ?? {};
      // Either end may go in the middle: that is what links do here.
      carry(client, server, conduct, (bytes) => {
        relay.carried[index] = bytes;
      }).catch(() => {});
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    const { port } = gate.address() as AddressInfo;
    const relay = new Relay(port, () => {
      gate.close();
      for (const socket of sockets) socket.destroy();
    });
    return relay;
  }

  stop(): void {
    this.#close();
  }
}

async function carry(
  client: Socket,
  server: Socket,
  { bytesPerSecond, silentAfter = Infinity, cutAfter = Infinity, once }: Conduct,
  count: (bytes: number) => void,
): Promise<void> {
  server.pipe(client);
  let carried = 0;
  for await (const chunk of client as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += 2_048) {
      const part = chunk.subarray(at, at + 2_048);
      if (bytesPerSecond !== undefined) await sleep((part.length / bytesPerSecond) * 1_000);
      carried += part.length;
      count(carried);
      if (carried > Math.min(cutAfter, silentAfter)) await once;
      if (carried > cutAfter) return void client.destroy();
      if (carried > silentAfter) {
        server.unpipe(client);
        server.resume();
        client.resume();
        await new Promise((resolve) => client.once("close", resolve));
        return;
      }
      server.write(part);
    }
  }
}
