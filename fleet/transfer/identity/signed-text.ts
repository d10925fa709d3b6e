import { createHash, createPrivateKey, sign, verify, X509Certificate } from "node:crypto";
import { certificateFacts, type Identity } from "./identity.ts";
import type { PeerName } from "./peer-name.ts";

export interface TextSignature {
  /** PEM; names the signer. */
  certificate: string;
  /** ECDSA with SHA-256, DER in base64. */
  signature: string;
}

/** Signs with the key of a certificate. `purpose` keeps a signature for one thing from passing for another's. */
export function signText(
  { keyPem, certificatePem }: Pick<Identity, "keyPem" | "certificatePem">,
  purpose: string,
  text: string,
): TextSignature {
  const signature = sign("sha256", signedBytes(purpose, text), createPrivateKey(keyPem));
  return { certificate: certificatePem, signature: signature.toString("base64") };
}

/**
 * Who signed the text: a peer to whom the CA gave a certificate, whether or not that has ended since. What does not
 * count is told as the reason.
 */
export function signerOf(
  { certificate, signature }: TextSignature,
  purpose: string,
  text: string,
  caPem: string,
): { peer: PeerName; keyId: string } | string {
  try {
    const [shown, ca] = [new X509Certificate(certificate), new X509Certificate(caPem)];
    if (!shown.checkIssued(ca) || !shown.verify(ca.publicKey)) {
      return "its certificate is not of this fleet's CA";
    }
    const facts = certificateFacts(shown);
    if (facts === null) return "its certificate names no peer of a fleet";
    const bytes = signedBytes(purpose, text);
    if (!verify("sha256", bytes, shown.publicKey, Buffer.from(signature, "base64"))) {
      return "its signature does not fit it";
    }
    return { peer: facts.peer, keyId: keyIdOf(shown) };
  } catch {
    return "its certificate or signature cannot be read";
  }
}

/** SHA-256 of the public key (SubjectPublicKeyInfo), first 16 hexadecimal digits. */
export function keyIdOf({ publicKey }: Pick<X509Certificate, "publicKey">): string {
  const der = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex").slice(0, 16);
}

function signedBytes(purpose: string, text: string): Buffer {
  return Buffer.from(`jetfleet ${purpose} 1\n${text}`, "utf8");
}
