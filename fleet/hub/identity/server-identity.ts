import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { JsonGeneralName } from "@peculiar/x509";
import { diskErrorIn } from "../../transfer/files/disk-error.ts";
import type { FileLayer } from "../../transfer/files/file-layer.ts";
import { createKey, provenKey, requestFor } from "../../transfer/identity/certificate-request.ts";
import {
  formatIdentity,
  type Identity,
  parseIdentity,
  sameCertificate,
} from "../../transfer/identity/identity.ts";
import { IdentityFile } from "../../transfer/identity/identity-file.ts";
import { hubUri, type PeerName } from "../../transfer/identity/peer-name.ts";
import { renewAtMs } from "../../transfer/identity/renewal.ts";
import type { Log } from "../log.ts";
import type { Authority } from "./authority.ts";
import { type FleetCa, UNDATED } from "./fleet-ca.ts";

export interface ServerWish {
  file: string;
  fleet: string;
  /** Host names and addresses by which peers reach the hub. */
  names: readonly string[];
  lifeMs: number;
  log: Log;
  layer?: FileLayer | undefined;
}

/**
 * The hub's own certificate: that of last time, or a new one when it is old, of another CA, or for other names. Without
 * the CA that of last time will do, and one that cannot be kept serves until the hub ends.
 */
export async function serverIdentity(authority: Authority, wish: ServerWish): Promise<Identity> {
  const file = new IdentityFile(wish.file, wish.layer);
  const held = file.usable();
  if (held && authority.fault !== null) return held;
  const { ca } = authority;
  if (held && isGood(held, ca, wish)) return held;
  const peer: PeerName = { kind: "hub", fleet: wish.fleet };
  const keyPem = createKey();
  const fromMs = Date.now();
  const certificatePem = await ca.issue({
    publicKey: provenKey(peer, requestFor(peer, keyPem)),
    commonName: wish.names[0] ?? "hub",
    usage: "server",
    altNames: [
      ...wish.names.map(generalName),
      { type: "url", value: hubUri(wish.fleet, { fromMs, untilMs: fromMs + wish.lifeMs }) },
    ],
    ...UNDATED,
  });
  const parts = { keyPem, certificatePem, caPem: ca.certificatePem };
  return await file.replace(parts, peer).catch((error: unknown) => {
    const fault = diskErrorIn(error, "the hub's certificate", "HUB");
    if (fault === null) throw error;
    wish.log("the hub's certificate is not kept", { reason: fault.message });
    return parseIdentity(formatIdentity(parts), wish.file);
  });
}

function isGood(held: Identity, ca: FleetCa, { names, fleet, lifeMs }: ServerWish): boolean {
  const certificate = new X509Certificate(held.certificatePem);
  const now = Date.now();
  const { fromMs, untilMs } = held.term;
  return (
    sameCertificate(held.caPem, ca.certificatePem) &&
    held.peer.fleet === fleet &&
    now < renewAtMs(held.term, held.serial) &&
    // A clock that was ahead, or another life than was asked for before.
    fromMs <= now &&
    Math.abs(untilMs - fromMs - lifeMs) < 2000 &&
    names.every((name) => named(certificate, name))
  );
}

function named(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
}

function generalName(name: string): JsonGeneralName {
  return { type: isIP(name) ? "ip" : "dns", value: name };
}
