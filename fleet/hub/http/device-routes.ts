import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { parseTopic } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import type { Broker } from "../broker/broker.ts";
import type { RetainedStore } from "../broker/retained-store.ts";
import type { Authenticator } from "../credentials/authenticator.ts";
import type { DeviceCredentials } from "../credentials/device-credentials.ts";
import type { DeviceList } from "../hub-info.ts";
import { sendJson } from "./respond.ts";

export interface DeviceParts {
  operatorName: string;
  devices: DeviceCredentials;
  authenticator: Authenticator;
  retained: RetainedStore;
  broker: Broker;
}

const MAX_BODY_BYTES = 4096;
/** The hash is cheap because passwords are long and random; see password-hash.ts. */
const NewDevice = z.strictObject({ password: z.string().min(16).max(256) });

export async function putDevice(
  parts: DeviceParts,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (name === parts.operatorName) {
    throw new FleetError("USAGE", `Expected a device name but ${name} is the operator's`);
  }
  const { password } = await readNewDevice(request);
  await parts.devices.set(name, password);
  parts.authenticator.forget(name);
  parts.broker.disconnectDevice(name);
  sendJson(response, 200, { device: name });
}

/** Takes the credential away first, so that a live agent cannot retain anything again. */
export async function deleteDevice(
  parts: DeviceParts,
  name: string,
  response: ServerResponse,
): Promise<void> {
  await parts.devices.delete(name);
  parts.authenticator.forget(name);
  parts.broker.disconnectDevice(name);
  for (const topic of parts.retained.topicsOf(name)) {
    await parts.broker.publishRetained(topic, Buffer.alloc(0));
  }
  sendJson(response, 200, { device: name });
}

/** Every device that has an account or that something is retained for. */
export function listDevices(parts: DeviceParts, response: ServerResponse): void {
  const channels = new Map<string, string[]>(parts.devices.names().map((name) => [name, []]));
  for (const [topic] of parts.retained.entries()) {
    const parsed = parseTopic(topic);
    if (!parsed) continue;
    channels.set(parsed.device, [...(channels.get(parsed.device) ?? []), parsed.channel]);
  }
  const devices: DeviceList["devices"] = [...channels]
    .map(([name, retained]) => ({ name, retained: retained.sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  sendJson(response, 200, { devices });
}

async function readNewDevice(request: IncomingMessage): Promise<z.infer<typeof NewDevice>> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new FleetError("USAGE", "Expected a short JSON body");
  }
  try {
    return NewDevice.parse(JSON.parse(text));
  } catch {
    // Without the cause, which would quote the password.
    throw new FleetError("USAGE", 'Expected {"password"} of 16 to 256 characters as JSON');
  }
}
