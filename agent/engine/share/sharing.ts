import { performance } from "node:perf_hooks";
import {
  type EngineAnswer,
  type EngineAttestation,
  EngineStatement,
  MAX_ASK_WAIT_MS,
} from "../../../fleet/contract/index.ts";
import { asFleetError, type ErrorCode, FleetError } from "../../../fleet/errors/index.ts";
import { parseJson } from "../../../fleet/release/index.ts";
import { isOwn } from "../../../fleet/spec/index.ts";
import { throwIfAborted } from "../../../fleet/transfer/backoff.ts";
import type { NewEvent } from "../../report/event-journal.ts";
import type { Log } from "../../report/log.ts";
import type { BuiltNote } from "../engine-note.ts";
import { HeldClaim } from "./held-claim.ts";
import { type Attester, attested, offerEngine } from "./offer-engine.ts";
import type { Refusals } from "./refusals.ts";
import {
  type Show,
  statementFor,
  type TakeOptions,
  takeEngine,
  type WantedEngine,
} from "./take-engine.ts";

export interface SharingOptions extends TakeOptions {
  refusals: Refusals;
  attester: Attester;
  /** False: this device takes no engine of another's, and offers none. */
  isOn: boolean;
  /** The longest that this device waits while another builds. */
  waitMs: number;
  log: Log;
  onEvent: (event: NewEvent) => void;
}

/** How late a question may be answered: how old the progress of another may be that is shown here. */
const ASK_MS = Math.min(10_000, MAX_ASK_WAIT_MS);
/** Then the hub offers nothing of use, and this device builds. */
const MOST_REFUSED = 3;
/** What says that the engine is bad, as it is and wherever it came from. */
const OF_THE_ENGINE = new Set<ErrorCode>([
  ...(["ENGINE_DIFFERS", "MODEL_INVALID", "RUNNER_CRASHED", "RUNNER_MEMORY"] as const),
]);
/** What says that it is not the engine that was attested, or that nobody of the fleet attested it. */
const OF_THE_HUB = new Set<ErrorCode>(["ENGINE_ATTESTATION", "ARTIFACT_DIGEST"]);

/**
 * Engines from and for other devices of the same key. Nothing here keeps a device from its engine for longer than
 * `waitMs`: without the hub, without another that builds, and after each refusal it builds for itself.
 */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #stop = new AbortController();
  readonly #offers = new Set<Promise<void>>();

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /**
   * An engine of another device, tried and noted here; or the claim under which this one is to build, be it held by
   * nobody. Throws CANCELLED, and what this device's own disk says.
   */
  async find(
    wanted: WantedEngine,
    show: Show,
    signal: AbortSignal,
  ): Promise<BuiltNote | HeldClaim> {
    const { hub, waitMs, refusals } = this.#options;
    const key = wanted.recipe.key.digest;
    const claim = new HeldClaim(hub, key, wanted.model.digest);
    // What reads its outputs is loaded by runners of pipelines alone, so that nothing could be held against an attestation.
    if (!this.#options.isOn || isOwn(wanted.model.decoder)) return claim;
    const startedMs = performance.now();
    const hinted = new Set<string>();
    for (let [asked, refused] = [0, 0]; refused < MOST_REFUSED; asked += 1) {
      const leftMs = waitMs - (performance.now() - startedMs);
      const known = await refusals.of(key);
      const ask = {
        ...{ model: wanted.model.digest, refused: known.slice(-16) },
        // At first at once, so that it is shown what is waited for.
        waitMs: asked === 0 ? 0 : Math.floor(Math.max(0, Math.min(ASK_MS, leftMs))),
      };
      const answer = await this.#ask(() => hub.ask(key, ask, signal), signal);
      if (answer === null) return claim;
      this.#tellHints(answer.hints, hinted, wanted);
      if (answer.state === "build") return claim.hold();
      if (answer.state === "wait") {
        if (leftMs <= 0) return this.#tellWaited(answer.device, wanted, claim);
        show({ phase: `waiting for ${answer.device} to build it`, progress: answer.progress });
        continue;
      }
      const taken = await this.#take(answer.attestation, wanted, show, signal);
      if (taken !== null) return taken;
      refused += 1;
    }
    return claim;
  }

  /** The note with this device's word for the engine, which is what others may rely on. */
  attest(note: BuiltNote, backend: string): BuiltNote {
    return attested(note, backend, this.#options.attester);
  }

  /** Offers an engine of this device to others, beside all else; the claim it was built under ends with it. */
  offer({ attestation, origin, model }: BuiltNote, claim: HeldClaim | null): void {
    const { isOn } = this.#options;
    const own = isOn && origin === "built-here" ? attestation : undefined;
    const offering = this.#offer(own, model)
      .catch((error: unknown) => this.#options.log.error("an engine is not offered", error))
      .then(() => {
        this.#offers.delete(offering);
        // Nobody waits for the hub to hear of it: the lease ends by itself.
        void claim?.end(null);
      });
    this.#offers.add(offering);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#offers);
  }

  async #offer(attestation: EngineAttestation | undefined, model: string): Promise<void> {
    const { onEvent, log } = this.#options;
    if (attestation === undefined) return;
    const { signal } = this.#stop;
    try {
      if (await offerEngine(attestation, this.#options, signal)) {
        log.info("an engine is offered to others of this kind", { model });
      }
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = asFleetError(error, "offering an engine");
      if (code === "HUB_REFUSED") return log.info("the hub shares no engines", { reason: message });
      onEvent({ kind: "engine-not-shared", message: `${code}: ${message}` });
    }
  }

  /** Null: nobody is to be asked, and why is told. */
  async #ask(
    question: () => Promise<EngineAnswer>,
    signal: AbortSignal,
  ): Promise<EngineAnswer | null> {
    try {
      return await question();
    } catch (error) {
      throwIfAborted(signal);
      this.#tellAlone(asFleetError(error, "asking the hub for an engine"));
      return null;
    }
  }

  /** A hub that shares no engines, or not of this model, is nothing that anybody need hear of. */
  #tellAlone({ code, message }: FleetError): void {
    const { log, onEvent } = this.#options;
    if (code === "HUB_REFUSED") return log.info("the hub shares no engines", { reason: message });
    const text = `This device builds for itself: ${code}: ${message}`;
    onEvent({ kind: "engine-not-shared", message: text });
  }

  #tellHints(hints: EngineAnswer["hints"], hinted: Set<string>, { model }: WantedEngine): void {
    for (const { device, code, message } of hints) {
      if (hinted.has(device)) continue;
      hinted.add(device);
      const text = `${device} could build no engine of ${model.name}, which is tried here all the same: ${code}: ${message}`;
      this.#options.onEvent({ kind: "engine-hint", message: text, data: { device, code } });
    }
  }

  #tellWaited(device: string, { model }: WantedEngine, claim: HeldClaim): HeldClaim {
    const waited = `${Math.round(this.#options.waitMs / 1000)} s`;
    const message = `The engine of ${model.name} is built here: ${device} has not built it in ${waited}`;
    this.#options.onEvent({ kind: "engine-not-shared", message });
    return claim;
  }

  /** Null: it was refused, and who is to know was told; or it could not be fetched. */
  async #take(
    attestation: EngineAttestation,
    wanted: WantedEngine,
    show: Show,
    signal: AbortSignal,
  ): Promise<BuiltNote | null> {
    let statement: EngineStatement | null = null;
    try {
      statement = statementFor(attestation, wanted, this.#options);
      await this.#requireUnknown(statement);
      const ways = { ...this.#options, show, signal };
      const note = await takeEngine(attestation, statement, wanted, ways);
      this.#tellTaken(statement, wanted, note);
      return note;
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof FleetError)) throw error;
      if (OF_THE_ENGINE.has(error.code) || OF_THE_HUB.has(error.code)) {
        await this.#refuse(error, statement ?? claimed(attestation), wanted, signal);
      } else if (error.code.startsWith("BOARD_DISK")) {
        throw error;
      } else {
        this.#tellAlone(error);
      }
      return null;
    }
  }

  /** The hub was told that this device does not take it; one that offers it nevertheless is not asked for ever. */
  async #requireUnknown({ keyDigest, digest, device }: EngineStatement): Promise<void> {
    if (!(await this.#options.refusals.of(keyDigest)).includes(digest)) return;
    const message = `Expected an engine that was not refused before but ${device}'s was`;
    throw new FleetError("ENGINE_ATTESTATION", message);
  }

  #tellTaken(
    { device, seconds, sizeBytes, digest, keyDigest }: EngineStatement,
    { model }: WantedEngine,
    note: BuiltNote,
  ) {
    const message = `The engine of ${model.name} was fetched from ${device}, which built it in ${seconds.toFixed(1)} s: ${sizeBytes} bytes`;
    const data = { device, digest, keyDigest, sizeBytes, ofModel: note.selfTest?.ofModel ?? null };
    this.#options.onEvent({ kind: "engine-fetched", message, data });
  }

  /** What is bad by itself is remembered, and the hub told, so that it offers it to nobody any more. */
  async #refuse(
    { code, message }: FleetError,
    statement: EngineStatement | null,
    { model, recipe }: WantedEngine,
    signal: AbortSignal,
  ): Promise<void> {
    const { refusals, hub, onEvent, log } = this.#options;
    const key = recipe.key.digest;
    const [device, digest] = [statement?.device ?? "somebody", statement?.digest ?? null];
    const text = `${code}: the engine of ${model.name} that ${device} is said to have built is not used: ${message}`;
    onEvent({ kind: "engine-refused", message: text, data: { code, key, digest, device } });
    if (statement === null || !OF_THE_ENGINE.has(code)) return;
    const refusal = { key, digest: statement.digest, device, code, atMs: Date.now() };
    await refusals.add(refusal).catch((error: unknown) => log.error("not remembered", error));
    const said = { model: model.digest, digest: statement.digest, code };
    await hub
      .dispute(key, { ...said, message: message.slice(0, 500) }, signal)
      .catch((error: unknown) => log.error("the hub did not hear of a bad engine", error));
  }
}

/** Whom an attestation names that does not count. */
function claimed({ statement }: EngineAttestation): EngineStatement | null {
  return EngineStatement.safeParse(parseJson(statement)).data ?? null;
}
