import type { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { sha256Digest } from "../../fleet/release/index.ts";
import type { NewEvent } from "../report/event-journal.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import type { StateStore } from "../update/device-state.ts";
import { isSettled } from "../update/machine.ts";
import {
  type AcceptedDesired,
  type Identity,
  type InForce,
  judgeDesired,
  openDesired,
} from "./judge-desired.ts";
import type { Reconciler, Target } from "./reconciler.ts";

export interface InboxOptions {
  identity: Identity;
  store: StateStore;
  reconciler: Pick<Reconciler, "submit" | "resume">;
  log: Log;
  onChange: () => void;
  onEvent: (event: NewEvent) => void;
}

/** Takes what arrives on `desired`: accepted documents go to disk and then to the reconciler. */
export class DesiredInbox {
  readonly #options: InboxOptions;
  /** Newer than the state on disk for as long as the reconciler still ends an update before. */
  #inForce: InForce | null = null;
  #refusal: { error: ReportedError; digest: string } | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Why the last message was refused; null once a good one came. */
  get refusal(): ReportedError | null {
    return this.#refusal?.error ?? null;
  }

  /**
   * Reads the document in force from disk and goes on with its update where that is not settled, or where
   * what should run is not `whole`.
   */
  async open(whole: boolean): Promise<void> {
    const accepted = await this.#readInForce();
    if (accepted === null) return;
    const { store, reconciler } = this.#options;
    const { generation } = accepted.desired;
    this.#inForce = { generation, payload: accepted.payload };
    if (generation > store.current.generation) reconciler.submit(targetOf(accepted));
    else if (!isSettled(store.current.update)) reconciler.resume(targetOf(accepted));
    else if (!whole) reconciler.submit(targetOf(accepted));
  }

  receive(message: Buffer): void {
    // A hub that forgets a device clears its retained topic with an empty message; that is no order to stop.
    if (message.length === 0) return;
    this.#work = this.#work
      .then(() => this.#judge(message))
      .catch((error: unknown) => this.#refuse(storageError(error), message));
  }

  async #judge(message: Buffer): Promise<void> {
    const { identity, store } = this.#options;
    const inForce = this.#inForce ?? { generation: store.current.generation, payload: null };
    const result = judgeDesired(message, identity, inForce);
    if (result.verdict === "refused") return this.#refuse(result.error, message);
    if (this.#refusal !== null) {
      this.#refusal = null;
      this.#options.onChange();
    }
    if (result.verdict === "accepted") await this.#accept(result.accepted);
  }

  async #accept(accepted: AcceptedDesired): Promise<void> {
    await this.#options.store.saveDesired(accepted.envelopeText);
    this.#inForce = { generation: accepted.desired.generation, payload: accepted.payload };
    this.#options.reconciler.submit(targetOf(accepted));
  }

  /** The same bad message comes again with every connection; it is one event. */
  #refuse(error: FleetError, message: Buffer): void {
    const digest = sha256Digest(message);
    if (this.#refusal?.digest === digest) return;
    const reported = toReportedError(error, "reading a desired document");
    this.#refusal = { error: reported, digest };
    this.#options.onEvent({
      kind: "desired-refused",
      message: `${reported.code}: ${reported.message}`,
    });
    this.#options.onChange();
  }

  /** What the disk holds is checked like what the network brings. */
  async #readInForce(): Promise<AcceptedDesired | null> {
    const text = await this.#options.store.readDesired();
    if (text === null) return null;
    try {
      return openDesired(Buffer.from(text, "utf8"), this.#options.identity);
    } catch (error) {
      this.#options.log.error("desired.json is not used", error);
      return null;
    }
  }
}

/** What is good but cannot be kept is refused as well: after a power cut it would be gone. */
function storageError(cause: unknown): FleetError {
  const isFull = (cause as NodeJS.ErrnoException | null)?.code === "ENOSPC";
  const code = isFull ? "BOARD_DISK_FULL" : "INTERNAL";
  return new FleetError(code, "The desired document could not be written to disk", { cause });
}

function targetOf({ desired, versions }: AcceptedDesired): Target {
  const { generation, artifactUrl, setDigest } = desired;
  return { generation, artifactUrl, setDigest, versions };
}
