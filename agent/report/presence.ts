import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Presence } from "../../fleet/contract/index.ts";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";

const Counter = z.object({ seq: z.number().int().nonnegative() });

/**
 * Names one life of the agent: the kernel's boot id, which simulated boards of one machine share, and a random
 * part per agent process. Another value means that the agent was started anew.
 */
export function createBootId(): string {
  return `${kernelBootId()}-${randomBytes(4).toString("hex")}`;
}

function kernelBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 13);
  } catch {
    return "unknown";
  }
}

/** Counts connections over all lives of the device, so that an older will never overrides a newer birth. */
export class PresenceCounter {
  readonly #path: string;
  readonly #bootId: string;
  readonly #layer: FileLayer;
  #seq = 0;

  constructor(stateFolder: string, bootId: string, layer: FileLayer = DISK) {
    this.#layer = layer;
    this.#path = join(stateFolder, "presence.json");
    this.#bootId = bootId;
  }

  /** Why the counter could not be read; null when it could, or there is none yet. */
  async open(): Promise<string | null> {
    try {
      const text = await readTextIfThere(this.#path, this.#layer);
      this.#seq = text === null ? 0 : Counter.parse(JSON.parse(text)).seq;
      return null;
    } catch (error) {
      this.#seq = above(0);
      return `presence.json cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Takes the number of the next connection; it is on disk before it is used. */
  async next(): Promise<void> {
    this.#seq += 1;
    try {
      const text = JSON.stringify({ seq: this.#seq });
      await writeFileDurably(this.#path, text, 0o600, this.#layer);
    } catch (error) {
      this.#seq = above(this.#seq);
      throw error;
    }
  }

  presence(online: boolean): Presence {
    return { online, bootId: this.#bootId, seq: this.#seq, atMs: Date.now() };
  }
}

/**
 * A counter that is not on disk must not begin again below the numbers already used: the clock's tenths of a second
 * grow faster than connections, which are at least half a second apart.
 */
function above(seq: number): number {
  return Math.max(seq, Math.floor(Date.now() / 100));
}
