import {
  type CertificateRequest,
  createKey,
  type IssuedCertificate,
  requestFor,
} from "../../transfer/identity/certificate-request.ts";
import type { IdentityFile } from "../../transfer/identity/identity-file.ts";
import { renewAtMs } from "../../transfer/identity/renewal.ts";

/**
 * Renews an operator's identity that is due: a new key and certificate replace the file before they are used. One that
 * cannot be renewed now is used as long as it is good, and tried again by the next command.
 */
export async function renewInTime(
  file: IdentityFile,
  certify: (request: CertificateRequest) => Promise<IssuedCertificate>,
  nowMs = Date.now(),
): Promise<void> {
  const { term, serial, peer } = file.current();
  if (nowMs < renewAtMs(term, serial) || nowMs > term.untilMs) return;
  try {
    const keyPem = createKey();
    const { certificate, ca } = await certify(requestFor(peer, keyPem));
    await file.replace({ keyPem, certificatePem: certificate, caPem: ca }, peer);
  } catch {
    // The request that follows says what is wrong with the hub; with the certificate nothing is, yet.
  }
}
