import { X509Certificate } from "node:crypto";
import { certificateFacts, sameCertificate } from "../transfer/identity/identity.ts";
import { type PeerName, peerUri } from "../transfer/identity/peer-name.ts";

/** What a device's certificate says; its key never leaves the board. */
export interface InstalledIdentity {
  peer: PeerName;
  untilMs: number;
  /** The CA that the device trusts. */
  caPem: string;
}

/** Which certificate a device must have. */
export interface WantedIdentity {
  peer: PeerName;
  caPem: string;
}

/** From the two certificates of a device's identity; null when it is not whole. */
export function parseInstalledIdentity(pem: string): InstalledIdentity | null {
  const [own, ca, ...rest] = pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
  if (own === undefined || ca === undefined || rest.length > 0) return null;
  try {
    const certificate = new X509Certificate(own);
    const facts = certificateFacts(certificate);
    if (!facts || !certificate.verify(new X509Certificate(ca).publicKey)) return null;
    return { peer: facts.peer, untilMs: facts.term.untilMs, caPem: ca };
  } catch {
    return null;
  }
}

/** Whether the device can speak to this hub, as far as the board shows; the hub may have revoked it all the same. */
export function isIdentityGood(
  installed: InstalledIdentity | null,
  wanted: WantedIdentity,
  nowMs: number,
): boolean {
  return (
    installed !== null &&
    peerUri(installed.peer) === peerUri(wanted.peer) &&
    sameCertificate(installed.caPem, wanted.caPem) &&
    installed.untilMs > nowMs
  );
}
