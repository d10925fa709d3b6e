import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import { Aedes } from "aedes";

export interface Received {
  topic: string;
  payload: unknown;
  retain: boolean;
  qos: number;
}

/** A broker (MQTT 3.1.1 only, like the hub's) that keeps a record of everything that passes. */
export class TestBroker {
  readonly received: Received[] = [];
  /** Protocol version of every CONNECT, refused ones included. */
  readonly connects: (number | undefined)[] = [];
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();
  readonly #waiting = new Set<() => void>();
  readonly #listeners: ((message: Received) => void)[] = [];

  private constructor(aedes: Aedes, tls: TlsOptions) {
    this.#aedes = aedes;
    this.#server = createServer(tls, (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    aedes.preConnect = (_client, packet, done) => {
      this.connects.push((packet as { protocolVersion?: number }).protocolVersion);
      done(null, true);
    };
    aedes.on("publish", ({ topic, payload, retain, qos }) => {
      if (topic.startsWith("$SYS")) return;
      const message = { topic, payload: parse(payload.toString()), retain, qos };
      this.received.push(message);
      for (const listener of this.#listeners) listener(message);
      for (const check of [...this.#waiting]) check();
    });
  }

  /** `tls` says whom it takes. */
  static async start(tls: TlsOptions, port = 0): Promise<TestBroker> {
    const aedes = new Aedes();
    await aedes.listen();
    const broker = new TestBroker(aedes, tls);
    await new Promise<void>((resolve) => broker.#server.listen(port, "127.0.0.1", resolve));
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.port}`;
  }

  /** Calls back for every message that passes from now on. */
  listen(listener: (message: Received) => void): void {
    this.#listeners.push(listener);
  }

  async publish(topic: string, payload: string | Buffer, retain = true): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const packet = {
        cmd: "publish" as const,
        topic,
        payload,
        retain,
        qos: 1 as const,
        dup: false,
      };
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The first message, past or coming, on a topic that ends so and satisfies the test. */
  waitFor<T>(
    suffix: string,
    test: (payload: T) => boolean,
    from = 0,
    timeoutMs = 40_000,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const hit = this.received
          .slice(from)
          .find(({ topic, payload }) => topic.endsWith(suffix) && test(payload as T));
        if (hit === undefined) return;
        this.#waiting.delete(check);
        clearTimeout(timer);
        resolve(hit.payload as T);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const last = this.received.filter(({ topic }) => topic.endsWith(suffix)).slice(-2);
        reject(new Error(`nothing fitting on ${suffix}; last: ${JSON.stringify(last)}`));
      }, timeoutMs);
      this.#waiting.add(check);
      check();
    });
  }

  /** Breaks every connection without a word, as a power cut at the far end does. */
  dropClients(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    await closed;
  }
}

/** Tests send garbage too; it stays text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
