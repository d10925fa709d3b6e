import { createPrivateKey, X509Certificate } from "node:crypto";
import { FleetError } from "../../errors/index.ts";
import { type PeerName, parsePeerNames, type Term } from "./peer-name.ts";

/** What a party shows of itself and whom it trusts. The key must not reach a log, a command line or a state file. */
export interface Identity {
  keyPem: string;
  certificatePem: string;
  /** The fleet's CA. */
  caPem: string;
  peer: PeerName;
  /** Serial number, as upper-case hexadecimal digits. */
  serial: string;
  /** From when to when it is good, by the hub's clock. */
  term: Term;
}

export interface CertificateFacts {
  peer: PeerName;
  serial: string;
  term: Term;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----\r?\n?/g;

/** A PEM file of the private key, its certificate, and the CA's, in this order: replaced as a whole or not at all. */
export function formatIdentity(
  parts: Pick<Identity, "keyPem" | "certificatePem" | "caPem">,
): string {
  return [parts.keyPem, parts.certificatePem, parts.caPem].map((pem) => `${pem.trim()}\n`).join("");
}

/** Throws IDENTITY_INVALID; never quotes the text. */
export function parseIdentity(text: string, where: string): Identity {
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = ""]) => ({ pem, label }));
  const [key, certificate, ca, ...rest] = blocks;
  if (
    !key?.label.endsWith("PRIVATE KEY") ||
    certificate?.label !== "CERTIFICATE" ||
    ca?.label !== "CERTIFICATE" ||
    rest.length > 0
  ) {
    throw invalid(where, "a key, its certificate and the fleet's CA");
  }
  const facts = checkParts(key.pem, certificate.pem, ca.pem);
  if (typeof facts === "string") throw invalid(where, facts);
  return { keyPem: key.pem, certificatePem: certificate.pem, caPem: ca.pem, ...facts };
}

/** What was expected and is not so, or what the certificate says. */
function checkParts(
  keyPem: string,
  certificatePem: string,
  caPem: string,
): CertificateFacts | string {
  try {
    const [certificate, ca] = [new X509Certificate(certificatePem), new X509Certificate(caPem)];
    if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
      return "a certificate that the CA beside it has signed";
    }
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
      return "a certificate of the key beside it";
    }
    return (
      certificateFacts(certificate) ?? "a certificate that names a device, an operator or a hub"
    );
  } catch {
    return "a key and certificates that can be read";
  }
}

/** Null when the certificate names no peer of a fleet. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts | null {
  const named = parsePeerNames(certificate.subjectAltName ?? "");
  if (!named) return null;
  const { validFrom, validTo, serialNumber } = certificate;
  const term = named.term ?? { fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
  return { peer: named.peer, serial: serialNumber, term };
}

/** By their bytes, not by how they are written. */
export function sameCertificate(onePem: string, otherPem: string): boolean {
  return new X509Certificate(onePem).raw.equals(new X509Certificate(otherPem).raw);
}

function invalid(where: string, expected: string): FleetError {
  return new FleetError(
    "IDENTITY_INVALID",
    `Expected ${expected} in ${where} but got something else`,
  );
}
