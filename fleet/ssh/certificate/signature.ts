import { constants, createPrivateKey, sign } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { mpint, wireStrings } from "./wire.ts";

/** What signs what a login sends: a signature as RFC 4253 §6.6 writes it, of the key's own type and no certificate's. */
export type Signer = (data: Buffer) => Promise<Buffer>;

const HASHES: Readonly<Record<string, string>> = {
  "ecdsa-sha2-nistp256": "sha256",
  "ecdsa-sha2-nistp384": "sha384",
  "ecdsa-sha2-nistp521": "sha512",
};

/** Signs with a private key that was read from its file. */
export function signerOf(key: ParsedKey): Signer {
  return (data) => Promise.resolve(signatureBy(key, data));
}

function signatureBy(key: ParsedKey, data: Buffer): Buffer {
  const privateKey = createPrivateKey(key.getPrivatePEM());
  // RFC 8709 §6.
  if (key.type === "ssh-ed25519") return wireStrings(key.type, sign(null, data, privateKey));
  if (key.type === "ssh-rsa") {
    // RFC 8332 §3.
    const padding = constants.RSA_PKCS1_PADDING;
    return wireStrings("rsa-sha2-512", sign("sha512", data, { key: privateKey, padding }));
  }
  const hash = HASHES[key.type];
  if (hash === undefined) throw new Error(`no signature is known for a key of type ${key.type}`);
  // RFC 5656 §3.1.2: both numbers, each an mpint; of one length they come from node:crypto.
  const both = sign(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const half = both.length / 2;
  const [r, s] = [mpint(both.subarray(0, half)), mpint(both.subarray(half))];
  return wireStrings(key.type, wireStrings(r, s));
}
