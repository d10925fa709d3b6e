import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import ssh2 from "ssh2";
import { FleetError } from "../../errors/index.ts";
import { makeKeyPair } from "../../ssh/index.ts";

export interface HostKey {
  /** Private key as OpenSSH writes it. Never leaves the board's folder. */
  privateKey: string;
  /** `SHA256:…` as `ssh-keygen -lf` prints it. */
  fingerprint: string;
}

/** The board's own ed25519 host key, made at its first boot and kept beside its root. */
export async function loadHostKey(dir: string): Promise<HostKey> {
  const path = join(dir, "ssh_host_ed25519_key");
  const privateKey = await fs.readFile(path, "utf8").catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    const made = makeKeyPair().private;
    await fs.writeFile(path, made, { mode: 0o600, flag: "wx" });
    return made;
  });
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) {
    throw new FleetError(
      "SIM_FAILED",
      `Expected an OpenSSH private key in ${path}, but got: ${parsed.message}`,
      {
        hint: "Remove the file; the board makes itself a new host key.",
      },
    );
  }
  return { privateKey, fingerprint: fingerprintOf(parsed.getPublicSSH()) };
}

/** `SHA256:…` of a public key blob. */
export function fingerprintOf(publicKey: Buffer): string {
  return `SHA256:${createHash("sha256").update(publicKey).digest("base64").replace(/=+$/, "")}`;
}
