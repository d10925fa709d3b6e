import { createHash, type Hash } from "node:crypto";
import { DISK, type FileLayer } from "./file-layer.ts";

/** Adds a file's bytes to `hash`, piece by piece. Throws what the disk says. */
export async function hashFile(hash: Hash, path: string, layer: FileLayer = DISK): Promise<void> {
  const handle = await layer.open(path, "r");
  // The stream closes the handle.
  for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
}

/** "sha256:…" of a file. Throws what the disk says. */
export async function digestOfFile(path: string, layer: FileLayer = DISK): Promise<string> {
  const hash = createHash("sha256");
  await hashFile(hash, path, layer);
  return `sha256:${hash.digest("hex")}`;
}
