import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from "aedes";
import { parseTopic } from "../../contract/index.ts";
import { asFleetError } from "../../errors/index.ts";
import type { Authenticator, Principal } from "../credentials/authenticator.ts";
import type { Recorder } from "../history/record.ts";
import type { Log } from "../log.ts";
import { FrameGuard } from "./frame-guard.ts";
import { asOffline, isOvertakenWill } from "./presence-order.ts";
import type { RetainedStore } from "./retained-store.ts";
import { maySubscribe, publishRefusal } from "./rights.ts";

/** A signed desired document of 1 MiB, quoted once more as JSON, fits. */
const MAX_PACKET_BYTES = 2 << 20;
const MAX_CONNECT_BYTES = 64 << 10;
const CONNECT_DEADLINE_MS = 10_000;
/** A device whose birth is retained and which has not come back by then is declared offline. */
export const RETURN_DEADLINE_MS = 30_000;

export interface BrokerOptions {
  fleet: string;
  authenticator: Authenticator;
  retained: RetainedStore;
  /** False once a device's account was taken away: not even its will counts then. */
  hasAccount(device: string): boolean;
  log: Log;
  returnDeadlineMs?: number;
  /** Hears what a device publishes before the acknowledgement, and may refuse it by throwing. */
  record?: Recorder;
}

/** The MQTT side of the hub: aedes with our rights, durable retained messages and limits. */
export class Broker {
  readonly server: Server;
  readonly #aedes: Aedes;
  readonly #options: BrokerOptions;
  readonly #principals = new WeakMap<Client, Principal>();
  readonly #guards = new WeakMap<object, FrameGuard>();
  #returnTimer: NodeJS.Timeout | undefined;

  private constructor(aedes: Aedes, options: BrokerOptions) {
    this.#aedes = aedes;
    this.#options = options;
    this.server = createServer((socket) => this.#accept(socket));
  }

  static async start(options: BrokerOptions): Promise<Broker> {
    const aedes = new Aedes({ connectTimeout: CONNECT_DEADLINE_MS });
    await aedes.listen();
    const broker = new Broker(aedes, options);
    broker.#install();
    for (const [topic, payload] of options.retained.entries()) {
      await broker.#emit(topic, payload);
    }
    broker.#watchReturns();
    return broker;
  }

  /** Publishes as the hub itself, retained; an empty payload removes what was retained. */
  async publishRetained(topic: string, payload: Buffer): Promise<void> {
    await this.#options.retained.store(topic, payload);
    await this.#emit(topic, payload);
  }

  /** Ends every session of a device, as when its password changes. */
  disconnectDevice(name: string): void {
    for (const client of this.#clients()) {
      const who = this.#principals.get(client);
      if (who?.kind === "device" && who.name === name) client.close();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#returnTimer);
    const closed = new Promise((resolve) => this.server.close(resolve));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    await closed;
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    const guard = new FrameGuard(MAX_CONNECT_BYTES);
    this.#guards.set(socket, guard);
    // aedes pulls bytes by `read()`; looking at them there keeps its back-pressure as it is.
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (!(chunk instanceof Uint8Array) || guard.accepts(chunk)) return chunk;
      this.#options.log("connection closed: packet too large", peerOf(socket));
      socket.destroy();
      return null;
    };
    this.#aedes.handle(socket);
  }

  #install(): void {
    const aedes = this.#aedes;
    aedes.preConnect = (_client, packet, done) => {
      // Own name space of client ids per user, so that nobody can take over another's session.
      if (packet.clientId) packet.clientId = `${packet.username ?? ""}/${packet.clientId}`;
      // A session that outlives its connection would queue without bound; what must survive is retained.
      packet.clean = true;
      done(null, true);
    };
    aedes.authenticate = (client, username, password, answer) => {
      this.#authenticate(client, username ?? "", password?.toString("utf8") ?? "").then(
        (known) => (known ? answer(null, true) : answer(refusal(), false)),
        (error: unknown) => answer(asAuthenticateError(error), false),
      );
    };
    aedes.authorizePublish = (client, packet, answer) => {
      this.#authorizePublish(client, packet).then(
        () => answer(null),
        (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
      );
    };
    aedes.authorizeSubscribe = (client, subscription, done) => {
      const who = this.#principals.get(client);
      const allowed = who && maySubscribe(who, this.#options.fleet, subscription.topic);
      if (!allowed) this.#logRefusal(client, `subscribe ${subscription.topic}`, "not allowed");
      done(null, allowed ? subscription : null);
    };
    aedes.on("clientError", (client, error) =>
      this.#options.log("session ended", { client: client.id, reason: error.message }),
    );
    aedes.on("connectionError", (_client, error) =>
      this.#options.log("connection refused", { reason: error.message }),
    );
    (aedes as NodeJS.EventEmitter).on("error", (error: Error) =>
      this.#options.log("broker error", { reason: error.message }),
    );
  }

  async #authenticate(client: Client, username: string, password: string): Promise<boolean> {
    const who = await this.#options.authenticator.verify(username, password);
    if (!who) return false;
    this.#principals.set(client, who);
    const guard = this.#guards.get(client.conn);
    if (guard) guard.maxPacketBytes = MAX_PACKET_BYTES;
    return true;
  }

  /** Runs before the acknowledgement, so what is acknowledged is on disk. Throws when the message is refused. */
  async #authorizePublish(client: Client | null, packet: PublishPacket): Promise<void> {
    const who = client && this.#principals.get(client);
    const reason = this.#refusal(who, packet);
    if (reason) {
      this.#logRefusal(client, `publish ${packet.topic}`, reason);
      throw new Error(`publish refused: ${reason}`);
    }
    const payload = Buffer.from(packet.payload);
    if (!packet.retain) return this.#record(packet.topic, payload, undefined, who);
    if (parseTopic(packet.topic)?.channel === "presence") {
      if (isOvertakenWill(payload, this.#options.retained.get(packet.topic))) {
        this.#logRefusal(client, `publish ${packet.topic}`, "will overtaken by a newer birth");
        throw new Error("will overtaken by a newer birth");
      }
    }
    const before = this.#options.retained.get(packet.topic);
    await this.#options.retained.store(packet.topic, payload);
    await this.#record(packet.topic, payload, before, who);
  }

  /** What the operator publishes in a device's name is no word of the device. */
  async #record(
    topic: string,
    payload: Buffer,
    before: Buffer | undefined,
    who: Principal | null | undefined,
  ): Promise<void> {
    const parsed = parseTopic(topic);
    if (who?.kind !== "device" || !parsed || parsed.device !== who.name) return;
    await this.#options.record?.({ ...parsed, payload, before });
  }

  #refusal(who: Principal | null | undefined, packet: PublishPacket): string | null {
    if (!who) return "session is unknown";
    if (who.kind === "device" && !this.#options.hasAccount(who.name)) return "account is gone";
    return publishRefusal(who, this.#options.fleet, packet);
  }

  #logRefusal(client: Client | null, action: string, reason: string): void {
    this.#options.log("refused", { client: client?.id ?? null, action, reason });
  }

  /**
   * Wills live in memory: after a hard stop of the hub nobody speaks for a device that died meanwhile.
   * So whoever was online before and does not return in time is declared offline here.
   */
  #watchReturns(): void {
    const waitMs = this.#options.returnDeadlineMs ?? RETURN_DEADLINE_MS;
    this.#returnTimer = setTimeout(() => {
      this.#declareMissing().catch((error: unknown) =>
        this.#options.log("broker error", {
          reason: asFleetError(error, "checking presence").message,
        }),
      );
    }, waitMs);
    this.#returnTimer.unref();
  }

  async #declareMissing(): Promise<void> {
    const here = new Set<string>();
    for (const client of this.#clients()) {
      const who = this.#principals.get(client);
      if (who?.kind === "device") here.add(who.name);
    }
    for (const [topic, payload] of this.#options.retained.entries()) {
      const parsed = parseTopic(topic);
      if (parsed?.channel !== "presence" || here.has(parsed.device)) continue;
      const offline = asOffline(payload, Date.now());
      if (!offline) continue;
      const after = Buffer.from(JSON.stringify(offline));
      await this.publishRetained(topic, after);
      await this.#record(topic, after, payload, { kind: "device", name: parsed.device });
    }
  }

  #clients(): Client[] {
    // aedes keeps its sessions in an untyped field.
    return Object.values((this.#aedes as unknown as { clients: Record<string, Client> }).clients);
  }

  #emit(topic: string, payload: Buffer): Promise<void> {
    const packet = { cmd: "publish", topic, payload, qos: 1, retain: true, dup: false } as const;
    return new Promise((resolve, reject) => {
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }
}

function refusal(): AuthenticateError {
  // 4: bad user name or password (MQTT 3.1.1 §3.2.2.3).
  return Object.assign(new Error("bad user name or password"), { returnCode: 4 });
}

function asAuthenticateError(error: unknown): AuthenticateError {
  const message = error instanceof Error ? error.message : String(error);
  // 3: server unavailable.
  return Object.assign(new Error(message), { returnCode: 3 });
}

function peerOf(socket: Socket): Record<string, unknown> {
  return { peer: socket.remoteAddress ?? null, port: socket.remotePort ?? null };
}
