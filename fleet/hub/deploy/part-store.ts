import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { SignedEnvelope } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import {
  compareNumbers,
  inspectPart,
  isInScope,
  type OpenedPart,
  type Part,
} from "../../release/index.ts";
import { writeFileDurably } from "../../transfer/files/durable-file.ts";
import type { Log } from "../log.ts";
import { readStored } from "./stored-json.ts";

/**
 * Signed parts, each in a file named by its digest and kept in memory. They never change; a file that cannot be read
 * is a part that is not there, until whoever released it sends it again.
 */
export class PartStore {
  readonly #folder: string;
  readonly #parts = new Map<string, OpenedPart>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string, log: Log): Promise<PartStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new PartStore(folder);
    for (const entry of await readdir(folder)) {
      if (!/^[0-9a-f]{64}\.json$/.test(entry)) continue;
      await store
        .#load(entry)
        .catch((error: unknown) =>
          log("a part is not used", { entry, reason: error instanceof Error ? error.message : "" }),
        );
    }
    return store;
  }

  get(digest: string): OpenedPart | null {
    return this.#parts.get(digest) ?? null;
  }

  /** The part of a kind and name for a device with the highest number. */
  newest(kind: Part["kind"], name: string, device: string): OpenedPart | null {
    let newest: OpenedPart | null = null;
    for (const part of this.#parts.values()) {
      const { document } = part;
      if (document.kind !== kind || document.name !== name) continue;
      if (!isInScope(document.scope, { device, labels: {} })) continue;
      if (newest === null || compareNumbers(document.number, newest.document.number) > 0) {
        newest = part;
      }
    }
    return newest;
  }

  /** Keeps a part whose signature was checked. */
  async add(part: OpenedPart): Promise<void> {
    if (this.#parts.has(part.digest)) return;
    await writeFileDurably(this.#fileOf(part.digest), `${JSON.stringify(part.envelope)}\n`);
    this.#parts.set(part.digest, part);
  }

  async #load(entry: string): Promise<void> {
    const envelope = await readStored(path.join(this.#folder, entry), SignedEnvelope);
    if (envelope === null) return;
    const part = inspectPart(envelope);
    if (this.#fileOf(part.digest) !== path.join(this.#folder, entry)) {
      throw new FleetError("HUB_STATE_UNREADABLE", `Expected the part that ${entry} is named by`);
    }
    this.#parts.set(part.digest, part);
  }

  #fileOf(digest: string): string {
    return path.join(this.#folder, `${digest.slice("sha256:".length)}.json`);
  }
}
