import { createHash } from "node:crypto";
import { FleetError } from "../../errors/index.ts";
import type { FileLayer } from "./file-layer.ts";

/** Writes a new file from what arrives and syncs it; returns its digest. Throws USAGE above `maxBytes`. */
export async function receiveFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  layer: FileLayer,
): Promise<string> {
  const hash = createHash("sha256");
  const handle = await layer.open(path, "wx", 0o600);
  try {
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) {
        throw new FleetError(
          "USAGE",
          `Expected an object of at most ${maxBytes} bytes but got more`,
        );
      }
      hash.update(chunk);
      await handle.write(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return `sha256:${hash.digest("hex")}`;
}
