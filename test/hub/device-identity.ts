import type { HubClient } from "../../fleet/hub/client/index.ts";
import { createKey, requestFor } from "../../fleet/transfer/identity/certificate-request.ts";
import type { Identity } from "../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";

/** As provisioning does: a key of the device's own, certified by the hub, in `file`. */
export async function certifyDevice(
  hub: HubClient,
  fleet: string,
  name: string,
  file: string,
): Promise<Identity> {
  const keyPem = createKey();
  const peer = { kind: "device", fleet, name } as const;
  const { certificate, ca } = await hub.certifyDevice(name, requestFor(peer, keyPem));
  const parts = { keyPem, certificatePem: certificate, caPem: ca };
  return new IdentityFile(file).replace(parts, peer);
}
