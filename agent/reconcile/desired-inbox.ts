import type { ReportedError } from "../../fleet/contract/index.ts";
import { type Accepted, type Identity, judge } from "../../fleet/deploy/index.ts";
import { asFleetError, type FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import type { BackoffRange } from "../../fleet/transfer/backoff.ts";
import { diskErrorIn } from "../../fleet/transfer/files/disk-error.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { StateStore } from "../update/state-store.ts";
import { BUILT_AT_MS } from "../version.ts";
import { keepTrying } from "./keep-trying.ts";
import type { Reconciler } from "./reconciler.ts";

export interface InboxOptions {
  identity: Identity;
  store: StateStore;
  reconciler: Pick<Reconciler, "submit">;
  diskBackoff: BackoffRange;
  log: Log;
  /** A document is in force, and on disk. */
  onKept: () => void;
  onChange: () => void;
  onEvent: (event: NewEvent) => void;
}

/** Takes what arrives on `desired`, one message after the other; the newest calls off those before it. */
export class DesiredInbox {
  readonly #options: InboxOptions;
  #refusal: { error: ReportedError; digest: string } | null = null;
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Why the last message is not in force; null once a good one is. */
  get refusal(): ReportedError | null {
    return this.#refusal?.error ?? null;
  }

  receive(message: Buffer): void {
    // A hub that forgets a device clears its retained topic with an empty message; that is no order to stop.
    if (message.length === 0) return;
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#work = this.#work.then(() => this.#take(message, abort.signal));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#work;
  }

  async #take(message: Buffer, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const { identity, store } = this.#options;
      const clock = { systemMs: Date.now(), builtAtMs: BUILT_AT_MS };
      const result = judge(message, store.current.memory, clock, identity);
      if (result.verdict === "refused") return this.#refuse(result.error, message);
      if (result.verdict === "accepted") await this.#keep(result, message, signal);
      this.#settle();
    } catch (error) {
      if (isFleetError(error, "CANCELLED")) return;
      this.#options.log.error("a desired document was not judged", error);
      this.#refuse(reasonOf(error), message);
    }
  }

  /** What is good but cannot be kept is not in force: after a power cut it would be gone. It is tried again. */
  async #keep(accepted: Accepted, message: Buffer, signal: AbortSignal): Promise<void> {
    await keepTrying(() => this.#options.reconciler.submit(accepted), {
      signal,
      backoff: this.#options.diskBackoff,
      onFailure: (error) => this.#refuse(reasonOf(error), message),
    });
    this.#options.onKept();
    for (const { pipeline, error } of accepted.refused) {
      const text = `${error.code}: ${error.message}`;
      this.#options.onEvent({ kind: "pipeline-refused", pipeline, message: text });
    }
  }

  #settle(): void {
    if (this.#refusal === null) return;
    this.#refusal = null;
    this.#options.onChange();
  }

  /** The same bad message comes again with every connection; it is one event. */
  #refuse(error: FleetError, message: Buffer): void {
    const digest = sha256Digest(message);
    const known = this.#refusal;
    if (known?.digest === digest && known.error.code === error.code) return;
    const reported = toReportedError(error, "reading a desired document");
    this.#refusal = { error: reported, digest };
    this.#options.onEvent({
      kind: "desired-refused",
      message: `${reported.code}: ${reported.message}`,
    });
    this.#options.onChange();
  }
}

function reasonOf(error: unknown): FleetError {
  return (
    diskErrorIn(error, "the desired document", "BOARD") ??
    asFleetError(error, "taking a desired document")
  );
}
