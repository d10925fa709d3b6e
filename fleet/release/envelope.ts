import { sign, verify } from "node:crypto";
import { z } from "zod";
import { CONTRACT_VERSION, MAX_PAYLOAD_LENGTH, SignedEnvelope } from "../contract/index.ts";
import { type ErrorCode, FleetError } from "../errors/index.ts";
import { sha256Digest } from "./digest.ts";
import { keyIdOf, publicPemOf, readPrivateKey, readPublicKey } from "./keys.ts";
import { bytesOf, parseJson } from "./text.ts";

export type DocumentKind = "roles" | "set" | "pipeline" | "desired";

/** What a document is refused with when its signature does not count, and when its text says nothing usable. */
const CODES: Record<DocumentKind, { unsigned: ErrorCode; invalid: ErrorCode }> = {
  roles: { unsigned: "ROLES_UNSIGNED", invalid: "ROLES_INVALID" },
  set: { unsigned: "PART_UNSIGNED", invalid: "PART_INVALID" },
  pipeline: { unsigned: "PART_UNSIGNED", invalid: "PART_INVALID" },
  desired: { unsigned: "DESIRED_UNSIGNED", invalid: "DESIRED_INVALID" },
};

/** A document whose signature was checked. `digest` names it: that of the signed bytes. */
export interface Opened<T> {
  document: T;
  digest: string;
}

/** Signs a document of one kind. The text that is signed is the text that is sent. */
export function seal(kind: DocumentKind, document: unknown, privateKeyPem: string): SignedEnvelope {
  const privateKey = readPrivateKey(privateKeyPem);
  const payload = JSON.stringify(document);
  if (payload.length > MAX_PAYLOAD_LENGTH) {
    const { invalid } = CODES[kind];
    const got = `one of ${payload.length}`;
    throw new FleetError(invalid, `Expected at most ${MAX_PAYLOAD_LENGTH} characters but ${got}`);
  }
  const signature = sign(null, signedBytes(kind, payload), privateKey).toString("base64");
  return { payload, keyId: keyIdOf(readPublicKey(publicPemOf(privateKeyPem))), signature };
}

/**
 * The document in an envelope: first the signature by one of `publicKeys`, then the version, then the shape.
 * `envelope` is what arrived, of any shape.
 */
export function unseal<Schema extends z.ZodType>(
  kind: DocumentKind,
  envelope: unknown,
  publicKeys: readonly string[],
  schema: Schema,
): Opened<z.infer<Schema>> {
  const payload = verified(kind, envelope, publicKeys);
  const { invalid } = CODES[kind];
  const value = parseJson(payload);
  requireReadable(kind, value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return { document: parsed.data, digest: sha256Digest(payload) };
  const [issue] = parsed.error.issues;
  throw new FleetError(
    invalid,
    `Expected a valid ${kind} document but ${issue?.path.join(".") || "it"}: ${issue?.message}`,
  );
}

function verified(kind: DocumentKind, envelope: unknown, publicKeys: readonly string[]): string {
  const { unsigned } = CODES[kind];
  const parsed = SignedEnvelope.safeParse(envelope);
  if (!parsed.success) {
    throw new FleetError(unsigned, `Expected a signed ${kind} document but got one without`);
  }
  const { payload, keyId, signature } = parsed.data;
  const keys = publicKeys.map(readPublicKey);
  const key = keys.find((one) => keyIdOf(one) === keyId);
  if (key === undefined) {
    const known = keys.map(keyIdOf).join(" or ") || "no key at all";
    throw new FleetError(
      unsigned,
      `Expected a ${kind} document signed by ${known} but got one by ${keyId}`,
    );
  }
  if (!verify(null, signedBytes(kind, payload), key, Buffer.from(signature, "base64"))) {
    throw new FleetError(
      unsigned,
      `Expected a valid signature by key ${keyId} as ${kind} but it does not fit the document`,
    );
  }
  return payload;
}

/**
 * What the signature covers. The kind stands before the text, so that a document of one kind never passes for one of
 * another, whatever it says; a document of contract 1 begins with a brace and passes for none.
 */
function signedBytes(kind: DocumentKind, payload: string): Buffer {
  return Buffer.concat([Buffer.from(`jetfleet ${kind}\n`, "utf8"), bytesOf(payload)]);
}

/** A newer version is said to be one, so that nobody looks for a fault in the document. */
export function requireReadable(kind: DocumentKind, value: unknown): void {
  const version = z.object({ contract: z.number() }).safeParse(value).data?.contract;
  if (version === undefined || version === CONTRACT_VERSION) return;
  throw new FleetError(
    "VERSION_UNREADABLE",
    `I cannot read version ${version} of a ${kind} document; I read version ${CONTRACT_VERSION}`,
    { context: { kind, version, reads: [CONTRACT_VERSION] } },
  );
}
