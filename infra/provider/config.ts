import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { keyIdOf, keyIdOfPem, PublicKeyPem, publicPemOf } from "../../fleet/release/index.ts";
import { Name, UnreachablePolicy } from "../../fleet/spec/index.ts";
import type { Properties } from "./rpc/values.ts";

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
      "Path of the ed25519 key that releases pipelines (PKCS#8 PEM). It is the fleet's root as well unless rootKey is set.",
  }),
  rootKey: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Path of the fleet's root key, which devices pin and which says whose signatures count. Where it is the public " +
        "half alone, somebody else certifies the hub and this release key.",
    }),
  epoch: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .optional()
    .meta({
      description:
        "Raise it by one to begin all numbers anew, with this release key alone: after a key was lost, or a number was " +
        "driven too high. It never goes back.",
    }),
  onUnreachable: UnreachablePolicy.default("error"),
  importKey: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Path of the private key for boards that are imported by USER@ADDRESS, as their programs give it in " +
        "ssh.privateKeyPath. Nothing else uses it. Default: the keys of the SSH agent at SSH_AUTH_SOCK.",
    }),
  refreshBeforeUpdate: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether every preview and `up` first asks hub and boards how devices and pipelines are, as with --refresh, and " +
        "mends what is not as it was left. For each from its next update or refresh on.",
    }),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;

/**
 * With what the engine may configure: what passed the check, or what a stack's state has from a version whose hubs
 * spoke http://. The engine does the latter before the former, and no hub is reached by it.
 */
export const KnownProviderConfig = ProviderConfig.extend({ hubUrl: z.url() });

/** Settings that are no texts. */
const TYPED: ReadonlySet<string> = new Set([
  "epoch",
  "refreshBeforeUpdate",
] satisfies (keyof ProviderConfig)[]);

/** The engine gives each setting of a stack's configuration as a text: what is a number or a truth is made one. */
export function typedSettings(settings: Properties): Properties {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      const isText = typeof value === "string" && TYPED.has(key);
      const meant = isText ? parsedJson(value) : value;
      return [key, typeof meant === "number" || typeof meant === "boolean" ? meant : value];
    }),
  );
}

/**
 * Settings that concern what is done now, as the stack's configuration has them now. A `destroy` configures its provider
 * by the state alone, which knows what was set when `up` ran last. A Provider of its own has its settings in the program.
 */
export function todaysSettings(
  urn: string,
  stackConfig: string | undefined,
): Partial<Pick<ProviderConfig, "onUnreachable">> {
  const name = urn.split("::").at(-1) ?? "";
  if (!name.startsWith("default") || !stackConfig) return {};
  const settings = z.record(z.string(), z.unknown()).safeParse(parsedJson(stackConfig)).data;
  const policy = UnreachablePolicy.safeParse(settings?.["onUnreachable"]);
  return policy.success ? { onUnreachable: policy.data } : {};
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface SigningKey {
  privateKeyPem: string;
  publicKeyPem: string;
  keyId: string;
}

/** The root; without its private half nothing is certified. */
export interface RootKey {
  publicKeyPem: string;
  keyId: string;
  privateKeyPem: string | null;
}

/** The root of a configuration: a file of its own, private or public, or else the signing key. */
export async function readRootKey(path: string | undefined, signing: SigningKey): Promise<RootKey> {
  if (path === undefined) return signing;
  const text = await readFile(path, "utf8").catch(() => "");
  const publicKey = PublicKeyPem.safeParse(text);
  if (!publicKey.success) return await readSigningKey(path, "rootKey");
  const publicKeyPem = publicPemOf(publicKey.data);
  return { publicKeyPem, keyId: keyIdOfPem(publicKeyPem), privateKeyPem: null };
}

export async function readSigningKey(path: string, setting = "signingKey"): Promise<SigningKey> {
  let privateKeyPem: string;
  try {
    privateKeyPem = await readFile(path, "utf8");
  } catch (cause) {
    throw badKey(setting, path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  try {
    const privateKey = createPrivateKey(privateKeyPem);
    if (privateKey.asymmetricKeyType !== "ed25519") {
      throw badKey(setting, path, `a key of type ${privateKey.asymmetricKeyType}`);
    }
    const publicKey = createPublicKey(privateKey);
    const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
    return { privateKeyPem, publicKeyPem, keyId: keyIdOf(publicKey) };
  } catch (error) {
    // Node's message could quote the file, which holds a secret.
    throw error instanceof FleetError ? error : badKey(setting, path, "what is no such key");
  }
}

function badKey(setting: string, path: string, got: string, cause?: unknown): FleetError {
  return new FleetError("USAGE", `Expected an ed25519 key of the fleet at ${path} but got ${got}`, {
    hint: `Check ${setting} of the provider.`,
    ...(cause !== undefined && { cause }),
  });
}
