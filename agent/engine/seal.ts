import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../fleet/release/index.ts";
import { readIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import type { FileLayer } from "../../fleet/transfer/files/file-layer.ts";

const SEAL_BYTES = 32;
const Sealed = z.strictObject({ note: z.string(), mac: z.string().regex(/^[0-9a-f]{64}$/) });

/** A key that never leaves the device, kept in a folder that nobody else may list. */
export class SealKey {
  readonly #folder: string;
  readonly #layer: FileLayer;
  #key: Buffer | null = null;

  constructor(folder: string, layer: FileLayer) {
    this.#folder = folder;
    this.#layer = layer;
  }

  /** One that is lost or spoilt is made anew: then all that was sealed with it is foreign. */
  async require(): Promise<Buffer> {
    if (this.#key !== null) return this.#key;
    const path = join(this.#folder, "seal.key");
    const found = await readIfThere(path, this.#layer);
    const key = found?.length === SEAL_BYTES ? found : randomBytes(SEAL_BYTES);
    if (key !== found) await writeFileDurably(path, key, 0o600, this.#layer);
    this.#key = key;
    return key;
  }
}

/** A text that only holders of `key` can have written. */
export function sealText(text: string, key: Uint8Array): string {
  return JSON.stringify({ note: text, mac: macOf(text, key) });
}

/** What was sealed, or in a few words what there is instead. */
export function openSealed(
  sealed: string,
  key: Uint8Array,
): { text: string } | { text: null; got: string } {
  const { note, mac } = Sealed.safeParse(parseJson(sealed)).data ?? {};
  if (note === undefined || mac === undefined) return { text: null, got: "what is none" };
  const [told, expected] = [mac, macOf(note, key)].map((hex) => Buffer.from(hex, "hex"));
  const isOurs = timingSafeEqual(told as Buffer, expected as Buffer);
  return isOurs ? { text: note } : { text: null, got: "one that another sealed" };
}

function macOf(text: string, key: Uint8Array): string {
  return createHmac("sha256", key).update(text).digest("hex");
}
