import { fingerprintOf } from "../host-key.ts";
import { WireReader, wireStrings } from "./wire.ts";

/** What an OpenSSH certificate says (PROTOCOL.certkeys). */
export interface Certificate {
  /** All of it, as it is sent. */
  blob: Buffer;
  /** Type of the key that is certified, such as `ssh-ed25519`. */
  keyType: string;
  /** That key, as without a certificate. */
  keyBlob: Buffer;
  isHost: boolean;
  /** What the CA calls it. */
  id: string;
  /** Logins that it is for. */
  principals: string[];
  /** Seconds since 1970; the end is the first one in which it does not hold. */
  validAfter: bigint;
  validBefore: bigint;
  /** Names of what a server must know to take it, such as `source-address`. */
  criticalOptions: string[];
  /** Fingerprint of the CA's key. */
  ca: string;
}

const SUFFIX = "-cert-v01@openssh.com";
const [USER, HOST] = [1, 2];

/** How many strings the public key itself is, by its type: PROTOCOL.certkeys, NEW PUBLIC KEY FORMATS. */
const KEY_PARTS: Readonly<Record<string, number>> = {
  "ssh-ed25519": 1,
  "ssh-rsa": 2,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
};

/** Throws an Error that says what is wrong with it. */
export function parseCertificate(blob: Buffer): Certificate {
  const reader = new WireReader(blob);
  const type = reader.text();
  const keyType = type.replace(SUFFIX, "");
  const parts = KEY_PARTS[keyType];
  if (!type.endsWith(SUFFIX) || parts === undefined) {
    throw new Error(`it is of the unknown type ${JSON.stringify(type.slice(0, 60))}`);
  }
  // The nonce.
  reader.string();
  const keyBlob = wireStrings(keyType, ...Array.from({ length: parts }, () => reader.string()));
  // The serial number.
  reader.uint64();
  const kind = reader.uint32();
  if (kind !== USER && kind !== HOST) throw new Error(`it is for ${kind}, neither user nor host`);
  const id = reader.text();
  const principals = textsOf(reader.string());
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()];
  const criticalOptions = textsOf(reader.string()).filter((_, at) => at % 2 === 0);
  // Extensions, and what is reserved.
  reader.string();
  reader.string();
  const ca = fingerprintOf(reader.string());
  // The CA's signature, which the server judges.
  reader.string();
  if (!reader.isAtEnd) throw new Error("more comes behind its end");
  const isHost = kind === HOST;
  return {
    ...{ blob, keyType, keyBlob, isHost, id, principals, validAfter, validBefore },
    ...{ criticalOptions, ca },
  };
}

/** Whether a public key blob is that of a certificate. */
export function isCertificateType(type: string): boolean {
  return type.endsWith(SUFFIX);
}

/** The name of its algorithm when a login is asked for: for RSA with SHA-2 (RFC 8332), and SHA-1 is not offered. */
export function algorithmOf({ keyType }: Certificate): string {
  return `${keyType === "ssh-rsa" ? "rsa-sha2-512" : keyType}${SUFFIX}`;
}

function textsOf(list: Buffer): string[] {
  const reader = new WireReader(list);
  const texts: string[] = [];
  while (!reader.isAtEnd) texts.push(reader.text());
  return texts;
}
