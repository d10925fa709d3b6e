import { Duplex, pipeline } from "node:stream";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from "aedes";
import { CHANNELS, parseTopic, topic } from "../../contract/index.ts";
import { asFleetError } from "../../errors/index.ts";
import type { Recorder } from "../history/record.ts";
import type { Gate } from "../identity/gate.ts";
import type { Principal } from "../identity/principal.ts";
import type { Log } from "../log.ts";
import { Allowances } from "./allowance.ts";
import { Copies, type Copy } from "./copies.ts";
import { FrameGuard, type PacketHead, PacketTooLarge, type Verdict } from "./frame-guard.ts";
import { type Lane, Outbound } from "./outbound.ts";
import { asOffline, bootIdIn, isOvertakenWill, withCopy } from "./presence-order.ts";
import type { RetainedStore } from "./retained-store.ts";
import { maySubscribe, publishRefusal } from "./rights.ts";
import { type Surplus, SurplusCount } from "./surplus.ts";

/** A signed desired document of 1 MiB, quoted once more as JSON, fits. */
const MAX_PACKET_BYTES = 2 << 20;
/** Of one operator at once: each session costs with every message that its subscriptions fit, read or not. */
const MOST_SESSIONS = 64;
/** MQTT 3.1.1 §3.2.2.3: the server is unavailable; the identifier is rejected; not authorised. */
const TOO_MANY = refusal("its peer has too many sessions", 3);
const COPY = refusal("another board bears the same identity", 2);
const NOT_IN_FORCE = refusal("certificate is not in force", 5);
/** MQTT 3.1.1 §2.2.1. */
const PUBLISH = 3;
const SUBSCRIBE = 8;
/** What costs others something; 10: UNSUBSCRIBE. */
const COSTLY: ReadonlySet<number> = new Set([PUBLISH, SUBSCRIBE, 10]);
const MAX_CONNECT_BYTES = 64 << 10;
const CONNECT_DEADLINE_MS = 10_000;
/** A device whose birth is retained and which has not come back by then is declared offline. */
export const RETURN_DEADLINE_MS = 30_000;

export interface BrokerOptions {
  fleet: string;
  /** Key, certificate and CA of the hub. */
  tls: SecureContextOptions;
  gate: Gate;
  retained: RetainedStore;
  log: Log;
  returnDeadlineMs?: number;
  /** Hears what a device publishes before the acknowledgement, and may refuse it by throwing. */
  record?: Recorder;
  /** Hears what was left out because it was too much. */
  onSurplus?: (surplus: Surplus) => void;
  /** Hears, once each time, that two boards bear one device's identity. */
  onCopy?: (device: string, copy: Copy) => void;
}

/** One connection: who it is once it was admitted. */
interface Session {
  socket: TLSSocket;
  guard: FrameGuard;
  lane: Lane;
  who: Principal | null;
  /** The life of the agent that its will speaks for. */
  bootId: string | null;
}

/** The MQTT side of the hub: aedes with our rights, durable retained messages and limits. */
export class Broker {
  readonly server: Server;
  readonly #aedes: Aedes;
  readonly #options: BrokerOptions;
  /** Also of connections that are over: a will is published when its session has ended. */
  readonly #sessions = new WeakMap<object, Session>();
  readonly #open = new Set<Session>();
  readonly #outbound = new Outbound();
  readonly #allowances = new Allowances();
  readonly #surplus: SurplusCount;
  readonly #copies = new Copies();
  #returnTimer: NodeJS.Timeout | undefined;

  private constructor(aedes: Aedes, options: BrokerOptions) {
    this.#aedes = aedes;
    this.#options = options;
    this.#surplus = new SurplusCount((surplus) => {
      options.log("too much, and left out or held back", { ...surplus });
      options.onSurplus?.(surplus);
    });
    const handshake = {
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      handshakeTimeout: CONNECT_DEADLINE_MS,
    } as const;
    this.server = createServer({ ...options.tls, ...handshake }, (socket) => this.#accept(socket));
    options.gate.watch(this.server);
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

  async close(): Promise<void> {
    clearTimeout(this.#returnTimer);
    this.#outbound.close();
    this.#surplus.close();
    const closed = new Promise((resolve) => this.server.close(resolve));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    await closed;
  }

  /** aedes has no limit of its own on the size of packets, so it reads behind a guard. */
  #accept(socket: TLSSocket): void {
    socket.setNoDelay(true);
    const guard = new FrameGuard(MAX_CONNECT_BYTES);
    // Its failure ends the socket, and so the session.
    const guarded = pipeline(socket, guard.stream(), (error) => {
      if (error instanceof PacketTooLarge) this.#options.log(error.message, peerOf(socket));
    });
    const whose = (): string => (session.who ? `${session.who.kind}/${session.who.name}` : "");
    const lane = this.#outbound.open(socket, whose, (unreadBytes) =>
      this.#options.log("session ended: it does not read", {
        ...peerOf(socket),
        whose: whose(),
        unreadBytes,
      }),
    );
    const session: Session = { socket, guard, lane, who: null, bootId: null };
    guard.judge = (head) => this.#judge(session.who, head);
    const connection = Duplex.from({ readable: guarded, writable: lane.stream });
    this.#sessions.set(connection, session);
    this.#open.add(session);
    socket.once("close", () => {
      connection.destroy();
      this.#open.delete(session);
      const { who, bootId } = session;
      if (who && bootId) this.#copies.left(who.name, bootId, performance.now());
    });
    this.#aedes.handle(connection);
  }

  #install(): void {
    const aedes = this.#aedes;
    aedes.preConnect = (client, packet, done) => {
      const who = this.#admit(client);
      const session = this.#sessions.get(client.conn);
      if (session && packet.will) session.bootId = bootIdIn(packet.will.payload);
      // Own name space of client ids per peer, so that nobody can take over another's session.
      if (packet.clientId && who) packet.clientId = `${who.kind}/${who.name}/${packet.clientId}`;
      // A session that outlives its connection would queue without bound; what must survive is retained.
      packet.clean = true;
      done(null, true);
    };
    aedes.authenticate = (client, _username, _password, answer) => {
      const who = this.#whoIs(client);
      // Before the connection of the same name is ended for this one.
      if (who && this.#isKeptOut(client, who)) return answer(COPY, false);
      if (who && !this.#isFull(who)) return answer(null, true);
      if (who) this.#options.gate.countFailure(this.#sessions.get(client.conn)?.socket);
      answer(who ? TOO_MANY : NOT_IN_FORCE, false);
    };
    aedes.authorizePublish = (client, packet, answer) => {
      this.#authorizePublish(client, packet).then(
        () => answer(null),
        (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
      );
    };
    aedes.authorizeSubscribe = (client, subscription, done) => {
      const who = this.#whoIs(client);
      const allowed = who && maySubscribe(who, this.#options.fleet, subscription.topic);
      if (!allowed) this.#logRefusal(client, `subscribe ${subscription.topic}`, "not allowed");
      done(null, allowed ? subscription : null);
    };
    aedes.authorizeForward = (client, packet) => (this.#maySend(client, packet) ? packet : null);
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

  /** By the certificate that the connection has shown; user name and password count for nothing. */
  #admit(client: Client): Principal | null {
    const session = this.#sessions.get(client.conn);
    if (!session) return null;
    session.who = this.#options.gate.admit(session.socket);
    if (session.who) session.guard.maxPacketBytes = MAX_PACKET_BYTES;
    return session.who;
  }

  /** By the life of the agent that connects; what does not say which is taken as it is. */
  #isKeptOut(client: Client, { kind, name }: Principal): boolean {
    const session = this.#sessions.get(client.conn);
    const bootId = session?.bootId ?? null;
    if (kind !== "device" || !session || bootId === null) return false;
    const address = session.socket.remoteAddress ?? "";
    const isHere = (life: string): boolean =>
      [...this.#open].some(
        (one) => one !== session && one.who?.name === name && one.bootId === life,
      );
    const arrival = this.#copies.arrive(name, { bootId, address }, isHere, performance.now());
    if (arrival.found) {
      this.#options.log("two boards bear one identity", { device: name, ...arrival.found });
      this.#options.onCopy?.(name, arrival.found);
      this.#tellOfCopy(name);
    }
    if (!arrival.admitted) session.bootId = null;
    return !arrival.admitted;
  }

  /** The one that stays may be connected already. */
  #tellOfCopy(name: string): void {
    const presence = topic(this.#options.fleet, name, "presence");
    const retained = this.#options.retained.get(presence);
    const told = retained && this.#marked(name, retained);
    if (!told) return;
    this.publishRetained(presence, told).catch((error: unknown) => {
      const { message } = asFleetError(error, "telling of a copy");
      this.#options.log("broker error", { reason: message });
    });
  }

  /** A birth with what is known of a copy; null when nothing is. */
  #marked(name: string, birth: Uint8Array): Buffer | null {
    const bootId = bootIdIn(birth);
    const copy = bootId === null ? null : this.#copies.copyOf(name, bootId);
    return copy && withCopy(birth, copy, Date.now());
  }

  /** With the one that asks. */
  #isFull({ kind, name }: Principal): boolean {
    let own = 0;
    for (const { who } of this.#open) if (who?.kind === kind && who.name === name) own += 1;
    return own > MOST_SESSIONS;
  }

  /**
   * Before a packet is parsed. What may be lost is left out when its peer publishes too much; all else waits, and with it
   * what stands behind it.
   */
  #judge(who: Principal | null, { type, qos, retain, bytes }: PacketHead): Verdict {
    if (!who || !COSTLY.has(type)) return { waitMs: 0 };
    const nowMs = performance.now();
    const { published, subscribed } = this.#allowances.of(who, nowMs);
    if (type === PUBLISH && qos === 0 && !retain) {
      if (published.takes(bytes, nowMs)) return { waitMs: 0 };
      this.#surplus.dropped(who, "published", bytes);
      return "drop";
    }
    const owedMs = type === SUBSCRIBE ? subscribed.debtMs(nowMs) : 0;
    const waitMs = Math.max(owedMs, published.borrowMs(bytes, nowMs));
    if (waitMs > 0) this.#surplus.waited(who, waitMs);
    return { waitMs };
  }

  /**
   * Before a message is made into a packet for one of its subscribers. What is retained comes by subscribing, and slows the
   * next SUBSCRIBE. Beyond what its peer may be sent, a session gets nothing more that may be lost, and has to read what may not.
   */
  #maySend(client: Client, { retain, topic, payload }: PublishPacket): boolean {
    const session = this.#sessions.get(client.conn);
    if (!session?.who) return true;
    const bytes = topic.length + payload.length;
    const nowMs = performance.now();
    const { sent, subscribed } = this.#allowances.of(session.who, nowMs);
    if (retain) {
      subscribed.borrowMs(bytes, nowMs);
      return true;
    }
    const isFree = session.lane.isFree();
    if (mayBeLost(topic)) {
      if (isFree && sent.takes(bytes, nowMs)) return true;
      this.#surplus.dropped(session.who, isFree ? "sent" : "unread", bytes);
      return false;
    }
    if (sent.takes(bytes, nowMs) || isFree) return true;
    session.lane.giveUp();
    return false;
  }

  #whoIs(client: Client | null): Principal | null {
    return (client && this.#sessions.get(client.conn)?.who) ?? null;
  }

  /** Runs before the acknowledgement, so what is acknowledged is on disk. Throws when the message is refused. */
  async #authorizePublish(client: Client | null, packet: PublishPacket): Promise<void> {
    const who = this.#whoIs(client);
    const reason = this.#refusal(who, packet);
    if (reason) {
      this.#logRefusal(client, `publish ${packet.topic}`, reason);
      throw new Error(`publish refused: ${reason}`);
    }
    const isBirth = who?.kind === "device" && parseTopic(packet.topic)?.channel === "presence";
    if (isBirth)
      packet.payload = this.#marked(who.name, Buffer.from(packet.payload)) ?? packet.payload;
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

  #refusal(who: Principal | null, packet: PublishPacket): string | null {
    if (!who) return "session is unknown";
    // Not even the will of a device counts that was deleted.
    if (!this.#options.gate.isKnown(who)) return "certificate was revoked";
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
    for (const { who } of this.#open) if (who?.kind === "device") here.add(who.name);
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

  #emit(topic: string, payload: Buffer): Promise<void> {
    const packet = { cmd: "publish", topic, payload, qos: 1, retain: true, dup: false } as const;
    return new Promise((resolve, reject) => {
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Whatever its publisher asked for, and what is not of the contract. */
function mayBeLost(topic: string): boolean {
  const parsed = parseTopic(topic);
  return parsed === null || CHANNELS[parsed.channel].qos === 0;
}

function refusal(reason: string, returnCode: 2 | 3 | 5): AuthenticateError {
  return Object.assign(new Error(reason), { returnCode });
}

function peerOf(socket: TLSSocket): Record<string, unknown> {
  return { peer: socket.remoteAddress ?? null, port: socket.remotePort ?? null };
}
