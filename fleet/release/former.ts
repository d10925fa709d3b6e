import { sign, verify } from "node:crypto";
import { SignedEnvelope } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import { keyIdOf, publicPemOf, readPrivateKey, readPublicKey } from "./keys.ts";
import { bytesOf } from "./text.ts";

/** Signs as contract 1 did: the text alone. */
export function signFormer(payload: string, privateKeyPem: string): SignedEnvelope {
  const privateKey = readPrivateKey(privateKeyPem);
  const signature = sign(null, bytesOf(payload), privateKey).toString("base64");
  return { payload, keyId: keyIdOf(readPublicKey(publicPemOf(privateKeyPem))), signature };
}

/** The text that was signed as contract 1 did, or DESIRED_UNSIGNED. `message` is what arrived, of any shape. */
export function openFormer(message: unknown, publicKeyPem: string): string {
  const parsed = SignedEnvelope.safeParse(message);
  if (!parsed.success) {
    throw new FleetError(
      "DESIRED_UNSIGNED",
      "Expected a signed envelope but got a document without one",
      { cause: parsed.error },
    );
  }
  const publicKey = readPublicKey(publicKeyPem);
  const { payload, keyId, signature } = parsed.data;
  const expected = keyIdOf(publicKey);
  if (keyId !== expected) {
    throw new FleetError(
      "DESIRED_UNSIGNED",
      `Expected a document signed by key ${expected} but got one by ${keyId}`,
    );
  }
  if (!verify(null, bytesOf(payload), publicKey, Buffer.from(signature, "base64"))) {
    throw new FleetError(
      "DESIRED_UNSIGNED",
      `Expected a valid signature by key ${keyId} but it does not fit the document`,
    );
  }
  return payload;
}
