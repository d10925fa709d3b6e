import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { type DeviceState, emptyState } from "./device-state.ts";
import { type ReadState, readState } from "./read-state.ts";
import { Turns } from "./turns.ts";

/**
 * The state folder, for one agent process.
 *
 * INVARIANTS:
 * - what `current` says is on disk, or was made from what is on disk.
 * - a write that fails leaves `current` as it was; the disk has that, or what was to be written where only its last
 *   sync failed, as after a power cut at that moment; the next write makes them one again.
 */
export class StateStore {
  readonly folder: string;
  #current: DeviceState = emptyState(newNonce());
  readonly #writes = new Turns();
  readonly #layer: FileLayer;

  constructor(folder: string, layer: FileLayer = DISK) {
    this.folder = folder;
    this.#layer = layer;
  }

  get current(): DeviceState {
    return this.#current;
  }

  /** Reads what an earlier agent left; null when there is nothing. What it cannot use is kept aside, not replaced. */
  async open(): Promise<ReadState | null> {
    let text: string | null;
    try {
      await this.#layer.mkdir(this.folder, { recursive: true, mode: 0o700 });
      text = await readTextIfThere(join(this.folder, "state.json"), this.#layer);
    } catch (error) {
      return {
        how: "lost",
        state: this.#current,
        why: `state.json cannot be read: ${String(error)}`,
      };
    }
    if (text === null) return null;
    const read = readState(text, { nonce: newNonce(), nowMs: Date.now() });
    this.#current = read.state;
    if (read.how === "newer")
      return this.#keepAside(read, `state.version-${read.version}.json`, text);
    return read.how === "lost" ? this.#keepAside(read, "state.damaged.json", text) : read;
  }

  /** Applies a change once all earlier ones are on disk; resolves when it is on disk itself. */
  save(change: (state: DeviceState) => DeviceState): Promise<DeviceState> {
    return this.#writes.take(async () => {
      const next = change(this.#current);
      if (next === this.#current) return next;
      await this.#write("state.json", JSON.stringify(next));
      this.#current = next;
      return next;
    });
  }

  #write(name: string, text: string): Promise<void> {
    return writeFileDurably(join(this.folder, name), text, 0o600, this.#layer);
  }

  async #keepAside<Read extends ReadState & { why: string }>(
    read: Read,
    name: string,
    text: string,
  ) {
    try {
      await this.#write(name, text);
      return { ...read, why: `${read.why}; it is kept as ${name}` };
    } catch (error) {
      return { ...read, why: `${read.why}; it could not be kept as ${name}: ${String(error)}` };
    }
  }
}

function newNonce(): string {
  return randomBytes(16).toString("hex");
}
