import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Presence } from "../../fleet/contract/index.ts";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";

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
  #seq = 0;

  constructor(stateFolder: string, bootId: string) {
    this.#path = join(stateFolder, "presence.json");
    this.#bootId = bootId;
  }

  async open(): Promise<void> {
    const text = await readTextIfThere(this.#path);
    this.#seq = text === null ? 0 : parseSeq(text);
  }

  /** Takes the number of the next connection; it is on disk before it is used. */
  async next(): Promise<void> {
    this.#seq += 1;
    await writeFileDurably(this.#path, JSON.stringify({ seq: this.#seq }));
  }

  presence(online: boolean): Presence {
    return { online, bootId: this.#bootId, seq: this.#seq, atMs: Date.now() };
  }
}

function parseSeq(text: string): number {
  try {
    return Counter.parse(JSON.parse(text)).seq;
  } catch {
    // A spoilt counter must not begin again below the numbers already used.
    return Math.floor(Date.now() / 1000);
  }
}
