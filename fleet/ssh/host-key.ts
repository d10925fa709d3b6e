import { createHash } from "node:crypto";

/** Fingerprint as OpenSSH prints it: `SHA256:` and unpadded base64 over the public key blob. */
export function fingerprintOf(publicKeyBlob: Buffer): string {
  const hash = createHash("sha256").update(publicKeyBlob).digest("base64");
  return `SHA256:${hash.replace(/=+$/, "")}`;
}

/** Key type at the head of a public key blob (RFC 4253 §6.6), such as `ssh-ed25519`. */
export function keyTypeOf(publicKeyBlob: Buffer): string {
  const length = publicKeyBlob.readUInt32BE(0);
  return publicKeyBlob.toString("latin1", 4, 4 + length);
}

/**
 * Host key algorithms by the key they prove. A server shows the first one both sides know, but a pinned
 * fingerprint may be that of another of its keys, so a mismatch is only final when all families were asked.
 */
export const HOST_KEY_FAMILIES = [
  ["ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "rsa-sha2-256"],
] as const;
