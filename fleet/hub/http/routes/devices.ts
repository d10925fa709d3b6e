import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseTopic } from "../../../contract/index.ts";
import { FleetError } from "../../../errors/index.ts";
import { Name } from "../../../spec/index.ts";
import type { Broker } from "../../broker/broker.ts";
import type { RetainedStore } from "../../broker/retained-store.ts";
import type { Authenticator } from "../../credentials/authenticator.ts";
import type { DeviceCredentials } from "../../credentials/device-credentials.ts";
import type { DeviceList } from "../../hub-info.ts";
import { pathPart } from "../access.ts";

export interface DeviceParts {
  operatorName: string;
  devices: DeviceCredentials;
  authenticator: Authenticator;
  retained: RetainedStore;
  broker: Broker;
}

/** The hash is cheap because passwords are long and random; see password-hash.ts. */
const NewDevice = z.strictObject({ password: z.string().min(16).max(256) });

/**
 *     GET    /devices           names and which channels are retained
 *     PUT    /devices/<name>    {"password"}; ends the device's old sessions
 *     DELETE /devices/<name>    its account and all that was retained for it
 */
export function deviceRoutes(app: FastifyInstance, parts: DeviceParts): void {
  // Parsed here and not by fastify, whose message would quote the password.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_, body, done) => done(null, body));
  app.get("/devices", () => listDevices(parts));
  app.put("/devices/:name", async (request) => {
    const name = pathPart(request, "name", Name);
    await putDevice(parts, name, String(request.body));
    return { device: name };
  });
  app.delete("/devices/:name", async (request) => {
    const name = pathPart(request, "name", Name);
    await deleteDevice(parts, name);
    return { device: name };
  });
}

async function putDevice(parts: DeviceParts, name: string, body: string): Promise<void> {
  if (name === parts.operatorName) {
    throw new FleetError("USAGE", `Expected a device name but ${name} is the operator's`);
  }
  const { password } = parseNewDevice(body);
  await parts.devices.set(name, password);
  parts.authenticator.forget(name);
  parts.broker.disconnectDevice(name);
}

/** Takes the credential away first, so that a live agent cannot retain anything again. */
async function deleteDevice(parts: DeviceParts, name: string): Promise<void> {
  await parts.devices.delete(name);
  parts.authenticator.forget(name);
  parts.broker.disconnectDevice(name);
  for (const topic of parts.retained.topicsOf(name)) {
    await parts.broker.publishRetained(topic, Buffer.alloc(0));
  }
}

/** Every device that has an account or that something is retained for. */
function listDevices(parts: DeviceParts): DeviceList {
  const channels = new Map<string, string[]>(parts.devices.names().map((name) => [name, []]));
  for (const [topic] of parts.retained.entries()) {
    const parsed = parseTopic(topic);
    if (!parsed) continue;
    channels.set(parsed.device, [...(channels.get(parsed.device) ?? []), parsed.channel]);
  }
  const devices = [...channels]
    .map(([name, retained]) => ({ name, retained: retained.sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { devices };
}

function parseNewDevice(body: string): z.infer<typeof NewDevice> {
  try {
    return NewDevice.parse(JSON.parse(body));
  } catch {
    // Without the cause, which would quote the password.
    throw new FleetError("USAGE", 'Expected {"password"} of 16 to 256 characters as JSON');
  }
}
