import { z } from "zod";

/** Of one signed text, in UTF-16 units. */
export const MAX_PAYLOAD_LENGTH = 1 << 20;

/**
 * A signed text. `payload` is the exact text that was signed, so that no canonical form is needed: verify the
 * signature over its UTF-8 bytes first, parse afterwards. A missing signature is refused.
 */
export const SignedEnvelope = z.strictObject({
  payload: z.string().max(MAX_PAYLOAD_LENGTH),
  /** SHA-256 of the raw 32-byte ed25519 public key, first 16 hexadecimal digits. */
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** ed25519 signature, base64. */
  signature: z.base64().max(128),
});
export type SignedEnvelope = z.infer<typeof SignedEnvelope>;
