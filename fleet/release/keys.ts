import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { z } from "zod";
import { FleetError } from "../errors/index.ts";

/** SPKI PEM of an ed25519 key. */
export const PublicKeyPem = z.string().max(256).startsWith("-----BEGIN PUBLIC KEY-----", {
  error: "must be a public key in PEM form",
});

/** Names an ed25519 key: the first 16 hexadecimal digits of the SHA-256 of its raw public key. */
export function keyIdOf(publicKey: KeyObject): string {
  // The SPKI DER form of an ed25519 key is a fixed 12-byte prefix and the 32 raw bytes (RFC 8410 §4).
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(12);
  return createHash("sha256").update(raw).digest("hex").slice(0, 16);
}

export function keyIdOfPem(publicKeyPem: string): string {
  return keyIdOf(readPublicKey(publicKeyPem));
}

export function readPrivateKey(pem: string): KeyObject {
  return requireEd25519(createPrivateKey(pem));
}

export function readPublicKey(pem: string): KeyObject {
  return requireEd25519(createPublicKey(pem));
}

/** The public half of a private key, in the one spelling that documents and configurations hold. */
export function publicPemOf(privateKeyPem: string): string {
  return createPublicKey(privateKeyPem).export({ type: "spki", format: "pem" }).toString();
}

/** PKCS#8 PEM of a new ed25519 key. */
export function newPrivateKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function requireEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === "ed25519") return key;
  const type = String(key.asymmetricKeyType);
  throw new FleetError("USAGE", `Expected an ed25519 signing key but got ${type}`);
}
