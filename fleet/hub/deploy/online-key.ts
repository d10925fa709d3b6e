import { FleetError } from "../../errors/index.ts";
import { newPrivateKeyPem, publicPemOf } from "../../release/index.ts";
import { readIfThere, writeFileDurably } from "../../transfer/files/durable-file.ts";

import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";

export interface OnlineKey {
  privateKeyPem: string;
  publicKeyPem: string;
}

/** The key with which this hub signs compositions: made at its first start, never given away. */
export async function openOnlineKey(file: string, layer: FileLayer = DISK): Promise<OnlineKey> {
  const bytes = await readIfThere(file, layer);
  const privateKeyPem = bytes?.toString("utf8") ?? newPrivateKeyPem();
  if (bytes === null) await writeFileDurably(file, privateKeyPem, 0o600, layer);
  try {
    return { privateKeyPem, publicKeyPem: publicPemOf(privateKeyPem) };
  } catch {
    // Node's message could quote the file, which holds a secret.
    throw new FleetError("HUB_STATE_UNREADABLE", `Expected the hub's online key in ${file}`, {
      hint: "Restore the file from a backup, or remove it: the next `up` certifies a new key.",
    });
  }
}
