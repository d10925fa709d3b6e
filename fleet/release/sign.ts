import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { SignedEnvelope } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";

/** Names an ed25519 key: the first 16 hexadecimal digits of the SHA-256 of its raw public key. */
export function keyIdOf(publicKey: KeyObject): string {
  // The SPKI DER form of an ed25519 key is a fixed 12-byte prefix and the 32 raw bytes (RFC 8410 §4).
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(12);
  return createHash("sha256").update(raw).digest("hex").slice(0, 16);
}

export function signEnvelope(payload: string, privateKeyPem: string): SignedEnvelope {
  const privateKey = createPrivateKey(privateKeyPem);
  requireEd25519(privateKey);
  const signature = sign(null, Buffer.from(payload, "utf8"), privateKey).toString("base64");
  return { payload, keyId: keyIdOf(createPublicKey(privateKey)), signature };
}

/** Returns the signed text, or throws DESIRED_UNSIGNED. `message` is what arrived, of any shape. */
export function openEnvelope(message: unknown, publicKeyPem: string): string {
  const parsed = SignedEnvelope.safeParse(message);
  if (!parsed.success) {
    throw new FleetError(
      "DESIRED_UNSIGNED",
      "Expected a signed envelope but got a document without one",
      {
        cause: parsed.error,
      },
    );
  }
  const publicKey = createPublicKey(publicKeyPem);
  requireEd25519(publicKey);
  const { payload, keyId, signature } = parsed.data;
  const expected = keyIdOf(publicKey);
  if (keyId !== expected) {
    throw new FleetError(
      "DESIRED_UNSIGNED",
      `Expected a document signed by key ${expected} but got one by ${keyId}`,
    );
  }
  if (!verify(null, Buffer.from(payload, "utf8"), publicKey, Buffer.from(signature, "base64"))) {
    throw new FleetError(
      "DESIRED_UNSIGNED",
      `Expected a valid signature by key ${keyId} but it does not fit the document`,
    );
  }
  return payload;
}

function requireEd25519(key: KeyObject): void {
  if (key.asymmetricKeyType !== "ed25519") {
    throw new FleetError(
      "USAGE",
      `Expected an ed25519 signing key but got ${String(key.asymmetricKeyType)}`,
    );
  }
}
