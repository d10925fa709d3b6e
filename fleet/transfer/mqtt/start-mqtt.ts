import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { HubTls } from "../identity/client-tls.ts";

export type { MqttClient };

/** MQTT 3.1.1 or 5. */
export type Protocol = 4 | 5;

export interface MqttSettings extends Pick<IClientOptions, "clientId" | "will"> {
  url: string;
  protocol: Protocol;
  connectTimeoutMs: number;
  keepaliveSeconds: number;
  /** Pause before the client connects again by itself; 0: the caller decides. */
  reconnectMs: number;
}

/** "Unacceptable protocol version" of MQTT 3.1.1 (§3.2.2.3) and "unsupported protocol version" of MQTT 5 (§3.2.2.2). */
const OTHER_PROTOCOL = new Set([1, 132]);
/** Of MQTT 3.1.1: bad user name or password, not authorised; of MQTT 5: the same two. */
const REFUSED = new Set([4, 5, 134, 135]);

/** `tls` is asked again at every connection. The session is clean: all that matters is retained. */
export function startMqtt(settings: MqttSettings, tls: () => HubTls): MqttClient {
  const { url, protocol, connectTimeoutMs, keepaliveSeconds, reconnectMs, ...rest } = settings;
  const client = connect(url, {
    ...rest,
    ...tls(),
    protocolVersion: protocol,
    clean: true,
    keepalive: keepaliveSeconds,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: reconnectMs,
    resubscribe: reconnectMs > 0,
    queueQoSZero: false,
    timerVariant: "native",
  });
  client.on("reconnect", () => {
    try {
      Object.assign(client.options, tls());
    } catch (error) {
      client.emit("error", error instanceof Error ? error : new Error(String(error)));
    }
  });
  return client;
}

export function wantsOtherProtocol(error: unknown): boolean {
  return OTHER_PROTOCOL.has(codeOf(error));
}

export function isRefusal(error: unknown): boolean {
  return REFUSED.has(codeOf(error));
}

function codeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : 0;
}
