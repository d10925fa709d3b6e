import { rm } from "node:fs/promises";
import { FleetError } from "../../fleet/errors/index.ts";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import {
  type CertificateRequest,
  createKey,
  IssuedCertificate,
  requestFor,
} from "../../fleet/transfer/identity/certificate-request.ts";
import type { Identity } from "../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { describePeer } from "../../fleet/transfer/identity/peer-name.ts";

export interface DeviceIdentity {
  fleet: string;
  device: string;
  /** PEM: key, certificate, CA. */
  identityFile: string;
}

/**
 * Makes a new key, which waits beside the identity for its certificate, and says what the hub needs to certify it.
 * The key that is in use stays in use meanwhile.
 */
export async function requestCertificate(wanted: DeviceIdentity): Promise<CertificateRequest> {
  const keyPem = createKey();
  await writeFileDurably(waitingKey(wanted), keyPem, 0o600);
  return requestFor(peerOf(wanted), keyPem);
}

/** Puts the waiting key and its certificate in the place of the identity; throws IDENTITY_INVALID if they do not fit. */
export async function installCertificate(wanted: DeviceIdentity, text: string): Promise<Identity> {
  const { certificate, ca } = parseIssued(text);
  const keyPem = await readTextIfThere(waitingKey(wanted));
  if (keyPem === null) {
    throw new FleetError(
      "IDENTITY_MISSING",
      "Expected a key that waits for its certificate but there is none",
      { hint: "Run agent.cjs request-certificate first." },
    );
  }
  const identity = await new IdentityFile(wanted.identityFile).replace(
    { keyPem, certificatePem: certificate, caPem: ca },
    peerOf(wanted),
  );
  await rm(waitingKey(wanted), { force: true });
  return identity;
}

/** For a person who reads the log: no key. */
export function describeIdentity({ peer, term, serial }: Identity): string {
  return `${describePeer(peer)}, certificate ${serial} until ${new Date(term.untilMs).toISOString()}`;
}

function peerOf({ fleet, device }: DeviceIdentity) {
  return { kind: "device", fleet, name: device } as const;
}

function waitingKey({ identityFile }: DeviceIdentity): string {
  return `${identityFile}.next-key`;
}

function parseIssued(text: string): IssuedCertificate {
  try {
    return IssuedCertificate.parse(JSON.parse(text));
  } catch {
    throw new FleetError("USAGE", "Expected {certificate, ca} as JSON on standard input");
  }
}
