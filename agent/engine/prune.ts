import type { EnginePruned } from "../../fleet/contract/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import type { BackoffRange } from "../../fleet/transfer/backoff.ts";
import { megabytes } from "../../fleet/transfer/transfer-text.ts";
import { keepTrying } from "../reconcile/keep-trying.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { Log } from "../report/log.ts";
import type { PruneRecord } from "../update/device-state.ts";
import type { StateStore } from "../update/state-store.ts";
import { Turns } from "../update/turns.ts";
import type { EngineStore } from "./engine-store.ts";

export interface PrunerOptions {
  store: StateStore;
  engines: Pick<EngineStore, "noteOf" | "remove">;
  /** Keys of what a pipeline runs, is about to, or is to go back to. */
  keysInUse: () => ReadonlySet<string>;
  diskBackoff: BackoffRange;
  log: Log;
  onChange: () => void;
  onEvent: (event: NewEvent) => void;
}

/**
 * Follows orders of the operator to remove engines. An order is on disk before it is followed and is marked as done
 * afterwards; one that a power cut interrupts is followed again, and what is gone by then counts as absent.
 */
export class Pruner {
  readonly #options: PrunerOptions;
  readonly #turns = new Turns();
  readonly #abort = new AbortController();

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  /** To be called after a start, and after a document was accepted. */
  follow(): void {
    const { signal } = this.#abort;
    const { diskBackoff, log } = this.#options;
    const attempts = {
      ...{ signal, backoff: diskBackoff },
      onFailure: (error: unknown) => log.error("engines are not removed yet", error),
    };
    const follow = () => keepTrying(() => this.#followOnce(), attempts);
    this.#turns.take(follow).catch((error: unknown) => {
      if (!isFleetError(error, "CANCELLED")) log.error("an order was not followed", error);
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#turns.take(() => Promise.resolve());
  }

  async #followOnce(): Promise<void> {
    const { store, onChange, onEvent } = this.#options;
    const order = store.current.prune;
    if (order === null || order.done !== null) return;
    const done = await this.#remove(order);
    await store.save((state) =>
      state.prune?.number === order.number ? { ...state, prune: { ...order, done } } : state,
    );
    onEvent({ kind: "engines-pruned", message: prunedWords(done), data: { ...done } });
    onChange();
  }

  async #remove({ number, keys }: PruneRecord): Promise<EnginePruned> {
    const { engines, keysInUse } = this.#options;
    const count = { removed: 0, removedBytes: 0, inUse: 0, absent: 0 };
    for (const key of new Set(keys)) {
      const note = engines.noteOf(key);
      // Looked at anew for each: a pipeline may have been put to work meanwhile.
      if (note === null) count.absent += 1;
      else if (keysInUse().has(key)) count.inUse += 1;
      else {
        await engines.remove(key);
        count.removed += 1;
        count.removedBytes += note.outcome === "built" ? note.sizeBytes : 0;
      }
    }
    return { number, atMs: Date.now(), ...count };
  }
}

/** What became of an order, in a sentence. */
function prunedWords({ removed, removedBytes, inUse, absent }: EnginePruned): string {
  const rest = [
    ...(inUse > 0 ? [`${inUse} in use stay`] : []),
    ...(absent > 0 ? [`${absent} were gone already`] : []),
  ];
  const main = `${removed} engines were removed on the operator's order, ${megabytes(removedBytes)}`;
  return [main, ...rest].join("; ");
}
