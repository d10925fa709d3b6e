import type { FastifyInstance } from "fastify";
import { parseTopic } from "../../../contract/index.ts";
import { Name } from "../../../spec/index.ts";
import type { Broker } from "../../broker/broker.ts";
import type { RetainedStore } from "../../broker/retained-store.ts";
import type { Deploy } from "../../deploy/deploy.ts";
import type { DeviceOwners } from "../../deploy/device-owners.ts";
import { DeviceClaim, DeviceRelease } from "../../deploy-api.ts";
import type { SharedEngines } from "../../engines/shared-engines.ts";
import type { DeviceList } from "../../hub-info.ts";
import type { CertificateRegister } from "../../identity/certificate-register.ts";
import type { Gate } from "../../identity/gate.ts";
import { parseBody, pathPart } from "../access.ts";

export interface DeviceParts {
  register: CertificateRegister;
  gate: Gate;
  retained: RetainedStore;
  broker: Broker;
  deploy: Deploy;
  owners: DeviceOwners;
  engines: SharedEngines;
}

/**
 *     GET    /devices           names and which channels are retained
 *     PUT    /devices/<name>/owner  whose it is from now on; 409 when it is another program's
 *     DELETE /devices/<name>    revokes its certificates and forgets all that was retained for it; 409 when the body
 *                               says an owner and it is another's
 */
export function deviceRoutes(app: FastifyInstance, parts: DeviceParts): void {
  app.get("/devices", () => listDevices(parts));
  app.put("/devices/:name/owner", async (request) => {
    const { owner, takeOver } = parseBody(DeviceClaim, request.body);
    return { before: await parts.owners.claim(pathPart(request, "name", Name), owner, takeOver) };
  });
  app.delete("/devices/:name", async (request) => {
    const name = pathPart(request, "name", Name);
    if (request.body) await parts.owners.require(name, parseBody(DeviceRelease, request.body).id);
    await deleteDevice(parts, name);
    return { device: name };
  });
}

/** Revokes first, so that a live agent cannot retain anything again. */
async function deleteDevice(parts: DeviceParts, name: string): Promise<void> {
  await parts.register.remove({ kind: "device", name });
  parts.gate.endRefused();
  await parts.deploy.forget(name);
  await parts.engines.forget(name);
  for (const topic of parts.retained.topicsOf(name)) {
    await parts.broker.publishRetained(topic, Buffer.alloc(0));
  }
  // Last: until then its owner may try again.
  await parts.owners.forget(name);
}

/** Every device that may have a certificate or that something is retained for. */
function listDevices(parts: DeviceParts): DeviceList {
  const channels = new Map<string, string[]>(
    parts.register.names("device").map((name) => [name, []]),
  );
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
