import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { keyIdOf } from "../../fleet/release/index.ts";
import { Name } from "../../fleet/spec/index.ts";

/** Configuration of the provider. Secrets are named by the file that holds them and read when they are used. */
export const ProviderConfig = z.strictObject({
  hubUrl: z
    .url({ protocol: /^https$/, error: "must be an https:// address" })
    .meta({ description: "Address of the hub, as devices reach it too." }),
  fleet: Name.meta({ description: "Name of the fleet that the hub serves." }),
  operatorCredentials: z.string().min(1).meta({
    description:
      "Path of the PEM file with the operator's key, its certificate and the fleet's CA.",
  }),
  signingKey: z.string().min(1).meta({
    description:
      "Path of the fleet's ed25519 signing key (PKCS#8 PEM). Devices obey this key only.",
  }),
  onUnreachable: z
    .enum(["error", "forget"])
    .default("error")
    .meta({
      description:
        "What deleting a device does when its board cannot be reached: fail, or lock it out of the hub and forget " +
        "it, leaving on the board what was installed.",
    }),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;

export interface SigningKey {
  privateKeyPem: string;
  publicKeyPem: string;
  keyId: string;
}

export async function readSigningKey(path: string): Promise<SigningKey> {
  let privateKeyPem: string;
  try {
    privateKeyPem = await readFile(path, "utf8");
  } catch (cause) {
    throw badKey(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  try {
    const privateKey = createPrivateKey(privateKeyPem);
    if (privateKey.asymmetricKeyType !== "ed25519") {
      throw badKey(path, `a key of type ${privateKey.asymmetricKeyType}`);
    }
    const publicKey = createPublicKey(privateKey);
    const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
    return { privateKeyPem, publicKeyPem, keyId: keyIdOf(publicKey) };
  } catch (error) {
    // Node's message could quote the file, which holds a secret.
    throw error instanceof FleetError ? error : badKey(path, "what is no such key");
  }
}

function badKey(path: string, got: string, cause?: unknown): FleetError {
  return new FleetError(
    "USAGE",
    `Expected the fleet's ed25519 signing key at ${path} but got ${got}`,
    {
      hint: "Check signingKey of the provider.",
      ...(cause !== undefined && { cause }),
    },
  );
}
