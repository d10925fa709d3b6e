import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { z } from "zod";
import { FleetError } from "../../errors/index.ts";
import { type PeerName, peerUri } from "./peer-name.ts";

/** Asks for a certificate. The private key stays where it was made; the proof shows that the asker holds it. */
export const CertificateRequest = z.strictObject({
  /** PEM of a P-256 key (SubjectPublicKeyInfo). */
  publicKey: z.string().startsWith("-----BEGIN PUBLIC KEY-----").max(1000),
  /** ECDSA with SHA-256 over `statement`, DER in base64. */
  proof: z.base64().max(200),
});
export type CertificateRequest = z.infer<typeof CertificateRequest>;

/** What the hub answers. */
export const IssuedCertificate = z.strictObject({
  /** PEM. */
  certificate: z.string().startsWith("-----BEGIN CERTIFICATE-----").max(10_000),
  ca: z.string().startsWith("-----BEGIN CERTIFICATE-----").max(10_000),
});
export type IssuedCertificate = z.infer<typeof IssuedCertificate>;

/** P-256, because the OpenSSL of every JetPack takes it. */
export function createKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

export function requestFor(peer: PeerName, keyPem: string): CertificateRequest {
  const privateKey = createPrivateKey(keyPem);
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  const proof = sign("sha256", statement(peer, publicKey), privateKey).toString("base64");
  return { publicKey, proof };
}

/** The public key (DER, SubjectPublicKeyInfo) of a request that proves itself; else throws USAGE. */
export function provenKey(peer: PeerName, { publicKey, proof }: CertificateRequest): Buffer {
  try {
    const key = createPublicKey(publicKey);
    const isP256 =
      key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    const pem = key.export({ type: "spki", format: "pem" }).toString();
    if (isP256 && verify("sha256", statement(peer, pem), key, Buffer.from(proof, "base64"))) {
      return key.export({ type: "spki", format: "der" });
    }
  } catch {
    // Said below: what OpenSSL says of a bad key helps nobody.
  }
  throw new FleetError(
    "USAGE",
    `Expected a P-256 key and the proof that the asker holds it for ${peerUri(peer)}`,
  );
}

/** Names the peer, so that a request for one name is none for another. */
function statement(peer: PeerName, publicKeyPem: string): Buffer {
  return Buffer.from(`jetfleet certificate request 1\n${peerUri(peer)}\n${publicKeyPem}`);
}
