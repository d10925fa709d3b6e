import { topic } from "../../contract/index.ts";
import { type Chosen, type Composition, sealComposition } from "../../deploy/index.ts";
import { FleetError } from "../../errors/index.ts";
import { openPart, type Roles } from "../../release/index.ts";
import type { Log } from "../log.ts";
import { Gatherer, type GatherTimes } from "./gather.ts";
import {
  isCurrent,
  nextGeneration,
  ownCompositionIn,
  readsCompositions,
  reportedIn,
} from "./is-current.ts";
import type { OnlineKey } from "./online-key.ts";
import type { PartStore } from "./part-store.ts";
import type { PreviousGenerations } from "./previous-generations.ts";
import type { RolesStore } from "./roles-store.ts";
import { isEmpty, type Selection } from "./selection.ts";
import type { SelectionStore } from "./selection-store.ts";

/** Changes of one `up` come this close together. */
const GATHER = { quietMs: 700, atMostMs: 3000 };
/** After a disk that was full, for example. */
const RETRY_MS = 10_000;
/** Compositions are renewed long before they end; devices notice nothing. */
const RENEW_CHECK_MS = 3_600_000;

export interface ComposerParts {
  fleet: string;
  key: OnlineKey;
  roles: RolesStore;
  parts: PartStore;
  selections: SelectionStore;
  previous: PreviousGenerations;
  retained: (topic: string) => Uint8Array | undefined;
  publish: (topic: string, payload: Buffer) => Promise<void>;
  /** How long changes are gathered. */
  gather?: Partial<GatherTimes> | undefined;
  log: Log;
}

/**
 * Keeps what is retained on `desired` in agreement with the selections. It trusts nothing it did before: each round
 * compares what is retained with what ought to be, so it may be started at any time and be killed at any point.
 */
export class Composer {
  readonly #parts: ComposerParts;
  readonly #gatherer: Gatherer;
  readonly #rounds = new Map<string, Promise<void>>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #renewal: NodeJS.Timeout | undefined;

  constructor(parts: ComposerParts) {
    this.#parts = parts;
    this.#gatherer = new Gatherer((device) => this.#start(device), { ...GATHER, ...parts.gather });
  }

  /** Looks at `devices` now and every hour. */
  start(devices: () => Iterable<string>): void {
    const all = () => {
      for (const device of devices()) this.touch(device);
    };
    all();
    this.#renewal = setInterval(all, RENEW_CHECK_MS).unref();
  }

  /** Something that concerns the device changed. */
  touch(device: string): void {
    this.#gatherer.add(device);
  }

  async stop(): Promise<void> {
    clearInterval(this.#renewal);
    this.#gatherer.stop();
    for (const timer of this.#retries) clearTimeout(timer);
    await Promise.allSettled(this.#rounds.values());
  }

  #start(device: string): void {
    const before = this.#rounds.get(device) ?? Promise.resolve();
    const round = before.then(() => this.#round(device));
    this.#rounds.set(device, round);
    void round.then(() => {
      if (this.#rounds.get(device) === round) this.#rounds.delete(device);
    });
  }

  async #round(device: string): Promise<void> {
    try {
      await this.#compose(device);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log("composing failed", { device, reason });
      // What somebody has to mend comes with a touch of its own.
      if (error instanceof FleetError && !error.retryable) return;
      const timer = setTimeout(() => {
        this.#retries.delete(timer);
        this.touch(device);
      }, RETRY_MS).unref();
      this.#retries.add(timer);
    }
  }

  async #compose(device: string): Promise<void> {
    const { fleet, key, roles, selections, retained, publish, log } = this.#parts;
    const inForce = roles.inForce;
    const selection = selections.get(device);
    const name = topic(fleet, device, "desired");
    const reported = reportedIn(retained(topic(fleet, device, "reported")));
    // Nothing was ever chosen here. What a device runs by another hub's word is none of this one's until it is asked.
    if (isEmpty(selection) && !selections.has(device) && retained(name) === undefined) return;
    // An agent that does not read compositions goes on with what it has until it was exchanged.
    if (inForce === null || !readsCompositions(reported)) return;
    const composition: Omit<Composition, "generation"> = {
      fleet,
      device,
      chosen: this.#chosen(selection, inForce.document),
      former: selection.former ?? undefined,
      // An agent that was exchanged for an older one would refuse what it does not know.
      prune: reported?.pruned === undefined ? undefined : selection.prune,
      answers: reported?.asks,
    };
    const { rootKey } = inForce;
    const before = ownCompositionIn(retained(name), { rootKey, fleet, device });
    const nowMs = Date.now();
    if (isCurrent(before, composition, inForce.document, reported, nowMs)) return;
    const generation = nextGeneration(before, inForce.document, reported);
    const message = sealComposition(
      { ...composition, generation },
      inForce,
      key.privateKeyPem,
      nowMs,
    );
    if (before !== null) await this.#rememberPrevious(device, before.pipelines, composition.chosen);
    await publish(name, Buffer.from(JSON.stringify(message), "utf8"));
    log("composed", { device, generation, pipelines: composition.chosen.length });
  }

  /** On disk before the next generation is out, so that no part of the one before goes meanwhile. */
  async #rememberPrevious(device: string, before: readonly string[], chosen: readonly Chosen[]) {
    const next = new Set(chosen.map(({ digest }) => digest));
    // A generation that only renews another names the same.
    if (before.length === next.size && before.every((digest) => next.has(digest))) return;
    const { previous, parts } = this.#parts;
    await parts.use(before);
    await previous.replace(device, before);
  }

  /**
   * The chosen parts, as a device will open them. One that it would not accept is not left out, for then its pipeline
   * would be stopped: the device goes on with what it has until the part was released anew.
   */
  #chosen({ choices }: Selection, { release }: Roles): Chosen[] {
    const { parts } = this.#parts;
    return Object.entries(choices).map(([name, { part, plan }]) => {
      const pipeline = parts.get(part);
      const set = pipeline?.document.kind === "pipeline" ? parts.get(pipeline.document.set) : null;
      if (!pipeline || !set) {
        const message = `Expected part ${part} of pipeline ${name}, with its set, but it is lost`;
        throw new FleetError("PART_MISSING", message);
      }
      for (const { envelope } of [pipeline, set]) openPart(envelope, release);
      return { name, digest: part, pipeline: pipeline.envelope, set: set.envelope, plan };
    });
  }
}
