import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { makeKeyPair } from "../../fleet/ssh/index.ts";
import { readIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import type { DemoPaths } from "./state.ts";

/** Makes what is missing of the fleet's keys (the operator's certificate is the hub's to make), each readable by its owner only. Returns the names of new ones. */
export async function ensureKeys(paths: DemoPaths): Promise<string[]> {
  await mkdir(paths.keys, { recursive: true, mode: 0o700 });
  await chmod(paths.keys, 0o700);
  const made = [
    await ensure(paths.signingKey, makeSigningKey),
    await ensure(paths.sshKey, makeSshKey),
    await ensure(path.join(paths.keys, "passphrase"), () => ({
      "": `${randomBytes(24).toString("base64url")}\n`,
    })),
  ];
  return made.filter((name) => name !== null);
}

/** Files of a key by the suffix of their name; the secret one, without suffix, is written last. */
type KeyFiles = Record<string, string>;

async function ensure(file: string, make: () => KeyFiles): Promise<string | null> {
  if (await readIfThere(file)) return null;
  for (const [suffix, content] of Object.entries(make()).sort().reverse()) {
    await writeFileDurably(withSuffix(file, suffix), content, 0o600);
  }
  return path.basename(file);
}

/** `.pub` goes before the extension of a PEM file and at the end of any other. */
function withSuffix(file: string, suffix: string): string {
  return suffix === ".pub" && file.endsWith(".pem")
    ? file.replace(/\.pem$/, ".pub.pem")
    : file + suffix;
}

function makeSigningKey(): KeyFiles {
  const { privateKey } = generateKeyPairSync("ed25519");
  const publicKey = createPublicKey(privateKey);
  return {
    "": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ".pub": publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

function makeSshKey(): KeyFiles {
  const pair = makeKeyPair("jetfleet-demo");
  return { "": pair.private, ".pub": `${pair.public}\n` };
}
