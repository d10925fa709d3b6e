import {
  CHANNELS,
  type ChannelName,
  countUnknown,
  type Payload,
  parseTopic,
  topic,
} from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import type { Connector } from "../../transfer/connector.ts";
import { openMqtt } from "../../transfer/mqtt/open-mqtt.ts";
import { isRefusal, type MqttClient } from "../../transfer/mqtt/start-mqtt.ts";
import { cancelled, reasonOf, unreachable } from "./hub-request.ts";

export interface MessageInfo {
  device: string;
  /** The pipeline for `detections`, else null. */
  detail: string | null;
  retained: boolean;
  /** Time of day. */
  receivedAtMs: number;
  /** The same moment by the clock that nobody sets (`performance.now()`), for whoever measures how long. */
  heardMs: number;
}

export type Unsubscribe = () => Promise<void>;

export interface FleetLinkOptions {
  mqttUrl: string;
  fleet: string;
  connector: Connector;
  readRetained(device: string, channel: string, timeoutMs: number): Promise<Uint8Array | null>;
  timeoutMs: number;
  signal?: AbortSignal;
}

interface Subscriber {
  filter: string;
  device: string;
  channel: ChannelName;
  deliver(payload: unknown, info: MessageInfo): void;
  onRemoved(info: MessageInfo): void;
}

/**
 * The operator's session with the broker. Comes back by itself after a lost connection and subscribes again;
 * `connected` says how it is right now.
 */
export class FleetLink {
  readonly fleet: string;
  /** Messages that did not follow the contract; they are not delivered. */
  invalidMessages = 0;
  /** Keys and words of newer devices that this version does not know; they are left out or shown as `unknown`. */
  unknownValues = 0;
  readonly #client: MqttClient;
  readonly #options: FleetLinkOptions;
  readonly #subscribers = new Set<Subscriber>();

  private constructor(client: MqttClient, options: FleetLinkOptions) {
    this.#client = client;
    this.#options = options;
    this.fleet = options.fleet;
    client.on("message", (name, payload, packet) => {
      this.#deliver(name, payload, packet.retain);
    });
    // Without a listener a lost connection would end the process; the client goes on by itself.
    client.on("error", () => {});
    options.signal?.addEventListener("abort", () => client.end(true), { once: true });
  }

  static async connect(options: FleetLinkOptions): Promise<FleetLink> {
    const doing = "connecting to the broker";
    if (options.signal?.aborted) throw cancelled(doing);
    const { connector, mqttUrl, timeoutMs, signal } = options;
    try {
      const client = await openMqtt(connector, {
        url: mqttUrl,
        connectTimeoutMs: timeoutMs,
        keepaliveSeconds: 30,
        reconnectMs: 1000,
        signal,
      });
      return new FleetLink(client, options);
    } catch (error) {
      if (signal?.aborted) throw cancelled(doing);
      if (error instanceof FleetError) throw error;
      if (isRefusal(error)) {
        throw new FleetError(
          "HUB_REFUSED",
          "Expected the broker to accept the operator's certificate but it refused",
        );
      }
      throw unreachable(mqttUrl, doing, reasonOf(error));
    }
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Calls `listener` whenever the connection is lost or is there again. */
  onConnection(listener: (connected: boolean) => void): void {
    this.#client.on("connect", () => listener(true));
    this.#client.on("close", () => listener(false));
  }

  /** Resolves when the hub has taken the message (and, when retained, has it on disk). null removes what is retained. */
  async publish<Name extends ChannelName>(
    device: string,
    channel: Name,
    payload: Payload<Name> | null,
    detail?: string,
  ): Promise<void> {
    const { qos, retain, schema } = CHANNELS[channel];
    const text = payload === null ? "" : JSON.stringify(schema.parse(payload));
    const doing = `publishing ${channel} of ${device}`;
    const sent = this.#client.publishAsync(topic(this.fleet, device, channel, detail), text, {
      qos,
      retain,
    });
    await this.#within(sent, this.#options.timeoutMs, doing);
  }

  /** What is retained right now, or null. Asks the hub itself, so "nothing there" is an answer and not a silence. */
  async readRetained<Name extends ChannelName>(
    device: string,
    channel: Name,
    timeoutMs: number = this.#options.timeoutMs,
  ): Promise<Payload<Name> | null> {
    const bytes = await this.#options.readRetained(device, channel, timeoutMs);
    if (!bytes) return null;
    const parsed = parsePayload(channel, bytes);
    if (parsed) return parsed.payload;
    throw new FleetError(
      "DESIRED_INVALID",
      `Expected ${channel} of ${device} to follow the contract but what is retained does not`,
    );
  }

  /**
   * `device` may be "+" for all. The handler hears what is retained first, and hears it again whenever the
   * connection was lost and is back.
   */
  async subscribe<Name extends ChannelName>(
    device: string,
    channel: Name,
    handler: (payload: Payload<Name>, info: MessageInfo) => void,
    /** What was retained is gone, as when a device is deleted. */
    onRemoved: (info: MessageInfo) => void = () => {},
  ): Promise<Unsubscribe> {
    const filter = topic(this.fleet, device, channel, channel === "detections" ? "+" : undefined);
    const subscriber: Subscriber = {
      filter,
      device,
      channel,
      deliver: (payload, info) => handler(payload as Payload<Name>, info),
      onRemoved,
    };
    this.#subscribers.add(subscriber);
    const done = this.#client.subscribeAsync(filter, { qos: CHANNELS[channel].qos });
    try {
      await this.#within(done, this.#options.timeoutMs, `subscribing to ${filter}`);
    } catch (error) {
      this.#subscribers.delete(subscriber);
      throw error;
    }
    return () => this.#unsubscribe(subscriber);
  }

  /** Ends the session; may be called twice. */
  async close(): Promise<void> {
    this.#subscribers.clear();
    await this.#client.endAsync(!this.#client.connected);
  }

  async #unsubscribe(subscriber: Subscriber): Promise<void> {
    this.#subscribers.delete(subscriber);
    const stillWanted = [...this.#subscribers].some((other) => other.filter === subscriber.filter);
    if (stillWanted || !this.#client.connected) return;
    const done = this.#client.unsubscribeAsync(subscriber.filter);
    await this.#within(done, this.#options.timeoutMs, `unsubscribing from ${subscriber.filter}`);
  }

  #deliver(name: string, bytes: Uint8Array, retained: boolean): void {
    const parsed = parseTopic(name);
    if (!parsed) return;
    const { device, channel, detail } = parsed;
    const wanted = [...this.#subscribers].filter(
      (one) => one.channel === channel && (one.device === "+" || one.device === device),
    );
    if (wanted.length === 0) return;
    const info = { device, detail, retained, receivedAtMs: Date.now(), heardMs: performance.now() };
    if (bytes.length === 0) {
      for (const one of wanted) one.onRemoved(info);
      return;
    }
    const message = parsePayload(channel, bytes);
    if (!message) {
      this.invalidMessages += 1;
      return;
    }
    this.unknownValues += message.unknown;
    for (const one of wanted) one.deliver(message.payload, info);
  }

  async #within<Result>(work: Promise<Result>, timeoutMs: number, doing: string): Promise<Result> {
    const { signal, mqttUrl } = this.#options;
    // Whoever loses the race may still fail later; that has been answered already.
    work.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unreachable(mqttUrl, doing, "no answer in time")), timeoutMs);
      onAbort = () => reject(cancelled(doing));
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      if (error instanceof FleetError) throw error;
      throw unreachable(mqttUrl, doing, reasonOf(error));
    } finally {
      clearTimeout(timer);
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    }
  }
}

function parsePayload<Name extends ChannelName>(
  channel: Name,
  bytes: Uint8Array,
): { payload: Payload<Name>; unknown: number } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const parsed = CHANNELS[channel].schema.safeParse(value);
    if (!parsed.success) return null;
    return {
      payload: parsed.data as Payload<Name>,
      unknown: countUnknown(value, parsed.data),
    };
  } catch {
    return null;
  }
}
