import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Digest } from "../../fleet/spec/index.ts";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { Update } from "./machine.ts";
import { PipelineVersion } from "./pipeline-version.ts";

/** What the device remembers over restarts and power cuts, apart from the desired document itself. */
export const DeviceState = z.object({
  version: z.literal(1),
  /** Generation of the last accepted desired document; 0 when none ever was. */
  generation: z.number().int().nonnegative(),
  update: Update,
  /** What runs, and what is started again after a power cut. */
  active: z.array(PipelineVersion),
  /** What ran before an update that is not settled yet began to swap, and what it goes back to; else null. */
  before: z.array(PipelineVersion).nullable().default(null),
  /** The set that was last committed whole. */
  setDigest: Digest.nullable(),
  /** Objects of the set before, kept for going back without the network. */
  previousObjects: z.array(Digest),
});
export type DeviceState = z.infer<typeof DeviceState>;

export const INITIAL_STATE: DeviceState = {
  version: 1,
  generation: 0,
  update: { state: "idle", sinceMs: 0 },
  active: [],
  before: null,
  setDigest: null,
  previousObjects: [],
};

/**
 * The state folder, for one agent process.
 *
 * INVARIANTS:
 * - `desired.json` is written before the `state.json` that speaks of it, so it may be newer: then its update
 *   has not begun.
 * - what `current` says is on disk.
 */
export class StateStore {
  readonly folder: string;
  #current: DeviceState = INITIAL_STATE;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
  }

  get current(): DeviceState {
    return this.#current;
  }

  /** Reads what an earlier agent left. A state that cannot be read counts as none. */
  async open(): Promise<{ damaged: boolean }> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const text = await readTextIfThere(join(this.folder, "state.json"));
    if (text === null) return { damaged: false };
    const parsed = DeviceState.safeParse(parseJson(text));
    if (parsed.success) this.#current = parsed.data;
    return { damaged: !parsed.success };
  }

  /** Applies a change once all earlier ones are on disk; resolves when it is on disk itself. */
  save(change: (state: DeviceState) => DeviceState): Promise<DeviceState> {
    return this.#enqueue(async () => {
      const next = change(this.#current);
      if (next === this.#current) return next;
      await writeFileDurably(join(this.folder, "state.json"), JSON.stringify(next));
      this.#current = next;
      return next;
    });
  }

  /** Keeps an accepted desired document exactly as it came, so that its signature can be checked again. */
  saveDesired(envelopeText: string): Promise<void> {
    return this.#enqueue(() => writeFileDurably(join(this.folder, "desired.json"), envelopeText));
  }

  readDesired(): Promise<string | null> {
    return readTextIfThere(join(this.folder, "desired.json"));
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(task);
    this.#writes = result.catch(() => undefined);
    return result;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
