import type { MqttClient } from "mqtt";
import type { Connector } from "../connector.ts";
import { type MqttSettings, type Protocol, wantsOtherProtocol } from "./start-mqtt.ts";

export interface OpenMqtt extends Omit<MqttSettings, "protocol"> {
  signal?: AbortSignal | undefined;
}

/** A session that stands. MQTT 5 is tried first; a broker that refuses it gets 3.1.1. Throws what the client said. */
export async function openMqtt(connector: Connector, settings: OpenMqtt): Promise<MqttClient> {
  try {
    return await openAs(connector, settings, 5);
  } catch (error) {
    if (!wantsOtherProtocol(error)) throw error;
    return await openAs(connector, settings, 4);
  }
}

async function openAs(
  connector: Connector,
  { signal, ...settings }: OpenMqtt,
  protocol: Protocol,
): Promise<MqttClient> {
  const client = connector.mqtt({ ...settings, protocol });
  try {
    await established(client, settings.connectTimeoutMs, signal);
    return client;
  } catch (error) {
    client.end(true);
    throw connector.explain(error);
  }
}

function established(
  client: MqttClient,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: Error = new Error("no answer in time");
    const timer = setTimeout(() => settle(() => reject(last)), timeoutMs);
    const onConnect = (): void => settle(resolve);
    const onError = (error: Error): void => settle(() => reject(error));
    // Closed without a word, as by a hub that refuses the certificate.
    const onClose = (): void => {
      last = new Error("the connection was closed");
      settle(() => reject(last));
    };
    const onAbort = (): void => settle(() => reject(new Error("cancelled")));
    const settle = (answer: () => void): void => {
      clearTimeout(timer);
      client.off("connect", onConnect).off("close", onClose);
      signal?.removeEventListener("abort", onAbort);
      answer();
    };
    client.on("connect", onConnect);
    // Stays: without a listener a later error would end the process.
    client.on("error", onError);
    client.on("close", onClose);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
