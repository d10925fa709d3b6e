import { CHANNELS, type ChannelName, type Payload, topic } from "../../fleet/contract/index.ts";
import { backoffMs, wait } from "../../fleet/transfer/backoff.ts";
import type { Connector } from "../../fleet/transfer/connector.ts";
import {
  type MqttClient,
  type Protocol,
  wantsOtherProtocol,
} from "../../fleet/transfer/mqtt/start-mqtt.ts";
import type { AgentConfig } from "../config.ts";
import { Backlog } from "./backlog.ts";
import type { Log } from "./log.ts";
import type { PresenceCounter } from "./presence.ts";

export interface HubLinkOptions {
  config: Pick<AgentConfig, "fleet" | "device" | "mqttUrl">;
  connector: Connector;
  presence: PresenceCounter;
  log: Log;
  onDesired: (message: Buffer) => void;
  /** Called after birth and subscription, at every connection. */
  onConnected: () => void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_SECONDS = 30;
const BACKOFF = { baseMs: 500, capMs: 30_000 };
const GOODBYE_MS = 1000;
/** A session that lasted this long was a good one. One that ends at once is as bad as none. */
const STEADY_MS = 5_000;

/**
 * The device's connection to the broker, kept up for as long as the agent lives. The session is clean: all that
 * matters is retained. MQTT 5 is tried first; a broker that refuses it gets 3.1.1 at once and from then on.
 */
export class HubLink {
  readonly #options: HubLinkOptions;
  readonly #stop = new AbortController();
  #client: MqttClient | null = null;
  #backlog = new Backlog(() => {});
  #protocol: Protocol = 5;
  /** The session is ended so that the next one shows another certificate. */
  #changing = false;
  /** A connection that breaks does not call back for what was under way on it. */
  readonly #unacknowledged = new Set<() => void>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: HubLinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#client?.connected === true;
  }

  start(): void {
    this.#running = this.#keepConnected();
  }

  /** Says goodbye (the will speaks only for those who cannot) and ends the connection. */
  async stop(): Promise<void> {
    this.#stop.abort();
    let said = false;
    if (this.connected) {
      const { presence } = this.#options;
      said = await Promise.race([
        this.publish("presence", presence.presence(false)),
        new Promise<false>((resolve) => setTimeout(resolve, GOODBYE_MS, false)),
      ]);
    }
    // A network that is silent would be waited for until its acknowledgements come.
    this.#client?.end(!said);
    await this.#running;
  }

  /** Begins a session anew, by a goodbye, to show the certificate that is on disk now. */
  reconnect(): void {
    if (!this.connected) return;
    this.#changing = true;
    this.#client?.end(false);
  }

  /** Resolves with true once the message has left (QoS 0) or is acknowledged (QoS 1); false when it has not. */
  publish<Name extends ChannelName>(channel: Name, payload: Payload<Name>, detail?: string) {
    return this.publishRaw(channel, JSON.stringify(payload), detail);
  }

  /** The same of a payload that is written already. */
  publishRaw(channel: ChannelName, payload: string | Buffer, detail?: string): Promise<boolean> {
    const client = this.#client;
    const { qos, retain } = CHANNELS[channel];
    if (client === null || !client.connected) return Promise.resolve(false);
    // Telemetry that a slow network cannot carry is left out; told minutes late it would be worth nothing.
    if (qos === 0 && this.#backlog.isFull) return Promise.resolve(false);
    const { fleet, device } = this.#options.config;
    return new Promise((resolve) => {
      const giveUp = () => resolve(false);
      this.#unacknowledged.add(giveUp);
      client.publish(topic(fleet, device, channel, detail), payload, { qos, retain }, (error) => {
        this.#unacknowledged.delete(giveUp);
        resolve(error === undefined || error === null);
      });
      this.#backlog.sent(Buffer.byteLength(payload));
    });
  }

  async #keepConnected(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const { lasted, reason, error } = await this.#oneConnection();
      if (signal.aborted) break;
      if (this.#changing) {
        this.#changing = false;
        continue;
      }
      if (wantsOtherProtocol(error) && this.#protocol === 5) {
        this.#protocol = 4;
        continue;
      }
      if (lasted) attempt = 0;
      const waitMs = backoffMs(attempt, BACKOFF);
      log.warn("no connection to the hub", { reason, retryInMs: waitMs });
      await wait(waitMs, signal).catch(() => undefined);
    }
  }

  /** From connect to close. */
  async #oneConnection(): Promise<{ lasted: boolean; reason: string; error: unknown }> {
    await this.#countConnection();
    if (this.#stop.signal.aborted) return { lasted: false, reason: "stopped", error: null };
    let client: MqttClient;
    try {
      client = this.#open();
    } catch (error) {
      // No identity, or one that cannot be used: the pipelines run, and `up` mends it.
      return { lasted: false, reason: messageOf(error), error };
    }
    this.#client = client;
    const backlog = new Backlog(() => client.sendPing());
    this.#backlog = backlog;
    client.on("packetreceive", ({ cmd }) => {
      if (cmd === "pingresp") backlog.answered();
    });
    let sinceMs: number | null = null;
    let error: unknown = null;
    client.on("connect", () => {
      sinceMs = performance.now();
      void this.#greet(client);
    });
    client.on("message", (_topic, message) => this.#options.onDesired(message));
    client.on("error", (said) => (error = this.#options.connector.explain(said)));
    await new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.end(true);
    for (const giveUp of this.#unacknowledged) giveUp();
    this.#unacknowledged.clear();
    const lasted = sinceMs !== null && performance.now() - sinceMs >= STEADY_MS;
    return { lasted, reason: error === null ? "closed" : messageOf(error), error };
  }

  /** A full disk must not silence the device: then the number grows in memory only. */
  async #countConnection(): Promise<void> {
    try {
      await this.#options.presence.next();
    } catch (error) {
      this.#options.log.error("the connection counter could not be kept", error);
    }
  }

  async #greet(client: MqttClient): Promise<void> {
    const { config, presence, log, onConnected } = this.#options;
    log.info("connected to the hub", { protocol: this.#protocol === 5 ? "MQTT 5" : "MQTT 3.1.1" });
    try {
      await this.publish("presence", presence.presence(true));
      const granted = await client.subscribeAsync(topic(config.fleet, config.device, "desired"), {
        qos: 1,
      });
      if (granted.some(({ qos }) => qos >= 128)) throw new Error("the broker refused `desired`");
      onConnected();
    } catch (error) {
      log.error("greeting the hub failed", error);
      client.end(true);
    }
  }

  #open(): MqttClient {
    const { config, connector, presence } = this.#options;
    return connector.mqtt({
      url: config.mqttUrl,
      protocol: this.#protocol,
      clientId: `${config.fleet}.${config.device}`,
      keepaliveSeconds: KEEPALIVE_SECONDS,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      // This class decides when to connect again, so that each connection has its own will and number.
      reconnectMs: 0,
      will: {
        topic: topic(config.fleet, config.device, "presence"),
        payload: Buffer.from(JSON.stringify(presence.presence(false))),
        qos: CHANNELS.presence.qos,
        retain: CHANNELS.presence.retain,
      },
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
