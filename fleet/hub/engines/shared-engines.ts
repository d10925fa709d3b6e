import {
  type EngineAnswer,
  type EngineAsk,
  type EngineAttestation,
  type EngineDispute,
  type EngineEnd,
  type EngineLease,
  type EngineOffered,
  type EngineProgress,
  type EngineStatement,
  Presence,
  parseTopic,
} from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { parseJson } from "../../release/index.ts";
import type { RetainedStore } from "../broker/retained-store.ts";
import type { History } from "../history/history.ts";
import { namedObjects } from "../http/named-objects.ts";
import type { CertificateRegister } from "../identity/certificate-register.ts";
import { afterEvent, type Claim, type ClaimEvent, LEASE_MS } from "./claims.ts";
import type { EngineShelf } from "./engine-shelf.ts";
import type { Offered } from "./kept-engine.ts";

export interface SharedOptions {
  shelf: EngineShelf;
  register: CertificateRegister;
  retained: RetainedStore;
  history: History;
  desiredTopic: (device: string) => string;
  leaseMs?: number;
}

type Hint = EngineAnswer["hints"][number];

/** Keys of which something is held in memory; the oldest give way. */
const MOST_KEYS = 4096;
const MOST_HINTS = 4;

/**
 * Engines that one device builds for all of its kind: who builds, who waits, what there is. Claims and hints are in
 * memory alone: after a start of the hub those who build say so again.
 */
export class SharedEngines {
  readonly #options: SharedOptions;
  readonly #claims = new Map<string, Claim>();
  readonly #hints = new Map<string, Hint[]>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(options: SharedOptions) {
    this.#options = options;
  }

  get shelf(): EngineShelf {
    return this.#options.shelf;
  }

  /** Throws HUB_REFUSED: an engine holds its model's weights, so only who is to run the model gets it. */
  requireModel(device: string, model: string): void {
    const { retained, desiredTopic } = this.#options;
    if (namedObjects(retained.get(desiredTopic(device))).has(model)) return;
    throw new FleetError("HUB_REFUSED", `Nothing that ${device} is to run names ${model}`);
  }

  /** What the device is to do; `wait` comes late, when nothing better does before. */
  async ask(key: string, device: string, ask: EngineAsk, gone: AbortSignal): Promise<EngineAnswer> {
    this.requireModel(device, ask.model);
    await this.shelf.open();
    const deadline = performance.now() + ask.waitMs;
    for (;;) {
      const changed = this.#next(key);
      const answer = await this.#answer(key, device, ask);
      const leftMs = deadline - performance.now();
      if (answer.state !== "wait" || leftMs <= 0 || gone.aborted) {
        changed.leave();
        return answer;
      }
      const untilMs = this.#claims.get(key)?.untilMs ?? 0;
      await changed.orAfter(Math.min(leftMs, Math.max(0, untilMs - performance.now()) + 1), gone);
    }
  }

  progress(key: string, device: string, told: EngineProgress): EngineLease {
    this.requireModel(device, told.model);
    const { progress, phase } = told;
    const claim = this.#apply(key, { type: "progress", device, atMs: now(), progress, phase });
    const state = claim?.device === device ? "held" : "lost";
    return { state, leaseMs: this.#leaseMs };
  }

  end(key: string, device: string, { model, error }: EngineEnd): void {
    this.requireModel(device, model);
    if (error !== null && this.#claims.get(key)?.device === device) {
      const others = (this.#hints.get(key) ?? []).filter((hint) => hint.device !== device);
      remember(this.#hints, key, [...others, { device, ...error }].slice(-MOST_HINTS));
    }
    this.#apply(key, { type: "end", device, atMs: now() });
  }

  /** Throws ENGINE_ATTESTATION, ENGINE_DISPUTED, ENGINE_QUOTA, HUB_REFUSED. */
  async offer(key: string, device: string, attestation: EngineAttestation): Promise<EngineOffered> {
    await this.shelf.open();
    const statement = this.shelf.read(key, attestation, device);
    this.requireModel(device, statement.model);
    const fromBytes = await this.shelf.accept({ attestation, statement });
    if (fromBytes !== null) return { state: "send", fromBytes };
    this.#apply(key, { type: "end", device, atMs: now() });
    return { state: "listed" };
  }

  /** Takes bytes of an offered engine in; once they are all there, whoever waits for it hears of it. */
  async receive(
    key: string,
    device: string,
    digest: string,
    fromBytes: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<EngineOffered> {
    await this.shelf.open();
    const isWhole = await this.shelf.receive({ key, device, digest }, fromBytes, bytes);
    if (!isWhole) throw new FleetError("USAGE", `Expected the rest of ${digest} but it broke off`);
    this.#apply(key, { type: "end", device, atMs: now() });
    this.#hints.delete(key);
    this.#tell(key);
    const message = `${device} offers the engine ${key} to devices of its kind`;
    await this.#options.history.noteHub("engine-offered", message, { key, digest }, device);
    return { state: "listed" };
  }

  /** What a device may fetch of the offered engines; null when it is not offered. Throws HUB_REFUSED. */
  async fetchable(key: string, device: string, digest: string): Promise<EngineStatement | null> {
    await this.shelf.open();
    const statement = (await this.offerOf(key))?.statement;
    if (statement?.digest !== digest) return null;
    this.requireModel(device, statement.model);
    return statement;
  }

  async dispute(key: string, by: string, said: EngineDispute): Promise<void> {
    const { model, digest, code, message } = said;
    this.requireModel(by, model);
    await this.shelf.open();
    const builder = await this.shelf.dispute(key, { digest, by, code });
    if (builder === null) return;
    const text = `${by} refused an engine that ${builder} built, and it is offered no more: ${code}: ${message}`;
    const data = { key, digest, builder, by, code };
    await this.#options.history.noteHub("engine-disputed", text, data, builder);
  }

  async forget(device: string): Promise<void> {
    this.#gone(device);
    await this.shelf.open();
    await this.shelf.forget(device);
  }

  /** A device that is offline builds for nobody. */
  heard(topicName: string): void {
    const topic = parseTopic(topicName);
    if (topic?.channel !== "presence") return;
    const text = this.#options.retained.get(topicName)?.toString("utf8") ?? "";
    if (Presence.safeParse(parseJson(text)).data?.online === false) this.#gone(topic.device);
  }

  /** The engine of a key, of a builder whose certificate was not revoked. */
  async offerOf(key: string): Promise<Offered | null> {
    const offered = await this.shelf.offerOf(key);
    if (offered === null) return null;
    const { device } = offered.statement;
    if (this.#options.register.has({ kind: "device", name: device })) return offered;
    await this.shelf.withdraw(key);
    return null;
  }

  async #answer(key: string, device: string, ask: EngineAsk): Promise<EngineAnswer> {
    const hints = (this.#hints.get(key) ?? []).filter((hint) => hint.device !== device);
    const offered = await this.offerOf(key);
    if (offered !== null && !ask.refused.includes(offered.statement.digest)) {
      return { state: "offered", attestation: offered.attestation, hints };
    }
    const claim = this.#apply(key, { type: "ask", device, atMs: now() });
    if (claim === null || claim.device === device) {
      return { state: "build", leaseMs: this.#leaseMs, hints };
    }
    const { progress, phase } = claim;
    return { state: "wait", device: claim.device, progress, phase, hints };
  }

  #apply(key: string, event: ClaimEvent): Claim | null {
    const before = this.#claims.get(key) ?? null;
    const claim = afterEvent(before, event, this.#leaseMs);
    if (claim === null) this.#claims.delete(key);
    else remember(this.#claims, key, claim);
    if (claim === null && before !== null) this.#tell(key);
    return claim;
  }

  #gone(device: string): void {
    for (const [key, claim] of this.#claims) {
      if (claim.device === device) this.#apply(key, { type: "end", device, atMs: now() });
    }
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? LEASE_MS;
  }

  #tell(key: string): void {
    for (const tell of this.#waiting.get(key) ?? []) tell();
  }

  /** Something that happens to the key from now on. */
  #next(key: string) {
    let tell: () => void = () => undefined;
    const happened = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(tell));
    const leave = (): void => {
      waiting.delete(tell);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    };
    const orAfter = async (waitMs: number, gone: AbortSignal): Promise<void> => {
      const timer = setTimeout(tell, waitMs);
      gone.addEventListener("abort", tell);
      await happened;
      clearTimeout(timer);
      gone.removeEventListener("abort", tell);
      leave();
    };
    return { leave, orAfter };
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_KEYS && oldest !== undefined) map.delete(oldest);
}

function now(): number {
  return performance.now();
}
