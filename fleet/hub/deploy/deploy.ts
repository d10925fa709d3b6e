import path from "node:path";
import { parseTopic, topic } from "../../contract/index.ts";
import { asFleetError, FleetError } from "../../errors/index.ts";
import { compareNumbers, isInScope, numberText, openPart, scopeText } from "../../release/index.ts";
import { diskErrorIn } from "../../transfer/files/disk-error.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import type { Broker } from "../broker/broker.ts";
import type { RetainedStore } from "../broker/retained-store.ts";
import type {
  NewRoles,
  Owner,
  PipelineAnswer,
  PipelineChoice,
  RolesAnswer,
  SetAnswer,
} from "../deploy-api.ts";
import type { Log } from "../log.ts";
import { Composer } from "./composer.ts";
import { prunesEngines } from "./engine-prune.ts";
import type { GatherTimes } from "./gather.ts";
import { readsOf, reportedIn } from "./is-current.ts";
import { type OnlineKey, openOnlineKey } from "./online-key.ts";
import { PartStore } from "./part-store.ts";
import { PreviousGenerations } from "./previous-generations.ts";
import { prune } from "./prune.ts";
import { requireMatch } from "./require-match.ts";
import { RolesStore } from "./roles-store.ts";
import { choiceOf, isFormer, type StoredChoice, tagOf, withChoice, without } from "./selection.ts";
import { SelectionStore } from "./selection-store.ts";

const PRUNE_EVERY_MS = 24 * 3_600_000;
/** What could not be opened is tried again so often. */
const REOPEN_MS = 5000;

export interface DeployOptions {
  /** Folder of roles, parts and selections. */
  folder: string;
  fleet: string;
  retained: RetainedStore;
  broker: Pick<Broker, "publishRetained">;
  /** How long changes of a device are gathered before it hears of them; for tests. */
  gather?: Partial<GatherTimes> | undefined;
  log: Log;
  layer?: FileLayer | undefined;
}

interface Stores {
  key: OnlineKey;
  roles: RolesStore;
  parts: PartStore;
  selections: SelectionStore;
  previous: PreviousGenerations;
  composer: Composer;
}

/**
 * What is deployed: the parts that were released, the choice among them for each device, and its composition.
 *
 * Where its own files cannot be read, or made, the hub serves all else; every request that needs them is told so, what
 * is retained for the devices stays, and they are tried again until somebody has mended them.
 */
export class Deploy {
  readonly #options: DeployOptions;
  #opened: Stores | FleetError;
  #reopening: NodeJS.Timeout | undefined;
  #pruneTimer: NodeJS.Timeout | undefined;
  #pruning: Promise<void> = Promise.resolve();

  private constructor(options: DeployOptions, opened: Stores | FleetError) {
    this.#options = options;
    this.#opened = opened;
  }

  static async open(options: DeployOptions): Promise<Deploy> {
    const opened = await openStores(options).catch(asClosed);
    if (opened instanceof FleetError)
      options.log("nothing can be deployed", { reason: opened.message });
    return new Deploy(options, opened);
  }

  get #stores(): Stores {
    if (this.#opened instanceof FleetError) throw this.#opened;
    return this.#opened;
  }

  /** Composes for every device that something is chosen or retained for, and prunes parts now and every day. */
  start(): void {
    if (this.#opened instanceof FleetError) return this.#reopenLater();
    this.#opened.composer.start(() => this.#devices());
    const pruneParts = () => {
      this.#pruning = this.#pruning.then(() => this.#prune());
    };
    pruneParts();
    this.#pruneTimer = setInterval(pruneParts, PRUNE_EVERY_MS).unref();
  }

  #reopenLater(): void {
    this.#reopening = setTimeout(() => void this.#reopen(), REOPEN_MS).unref();
  }

  async #reopen(): Promise<void> {
    this.#opened = await openStores(this.#options).catch(asClosed);
    // `stop` came meanwhile.
    if (this.#reopening === undefined) return;
    if (!(this.#opened instanceof FleetError)) this.#options.log("deploying goes on");
    this.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#reopening);
    this.#reopening = undefined;
    if (this.#opened instanceof FleetError) return;
    clearInterval(this.#pruneTimer);
    await this.#pruning;
    await this.#opened.composer.stop();
    await this.#opened.selections.settled();
  }

  /**
   * To be called when a message was retained: what a device says of itself may call for a composition, and what
   * somebody else put on `desired` is replaced by what was chosen.
   */
  heard(topicName: string): void {
    if (this.#opened instanceof FleetError) return;
    const parsed = parseTopic(topicName);
    if (parsed?.channel === "reported" || parsed?.channel === "desired") {
      this.#opened.composer.touch(parsed.device);
    }
  }

  roles(): { answer: RolesAnswer; tag: string } {
    const { key, roles } = this.#stores;
    const answer = { onlineKey: key.publicKeyPem, roles: roles.inForce?.envelope ?? null };
    return { answer, tag: roles.tag };
  }

  async replaceRoles(news: NewRoles, ifMatch: string): Promise<void> {
    const { key, roles, composer } = this.#stores;
    await roles.replace(news, ifMatch, this.#options.fleet, key.publicKeyPem);
    for (const device of this.#devices()) composer.touch(device);
  }

  /** Keeps a part that a release key of the roles signed for this fleet. */
  async addPart(digest: string, envelope: unknown): Promise<void> {
    const roles = this.#stores.roles.inForce?.document;
    if (!roles) {
      throw new FleetError(
        "HUB_NOT_CERTIFIED",
        "Expected roles of the fleet's root before any part",
      );
    }
    const part = openPart(envelope, roles.release);
    if (part.digest !== digest) {
      throw new FleetError("ARTIFACT_DIGEST", `Expected part ${digest} but got ${part.digest}`);
    }
    if (part.document.fleet !== this.#options.fleet) {
      const got = `one for ${part.document.fleet}`;
      throw new FleetError(
        "PART_OUT_OF_SCOPE",
        `Expected a part for ${this.#options.fleet} but got ${got}`,
      );
    }
    await this.#stores.parts.add(part);
  }

  setOf(model: string): SetAnswer {
    return { set: this.#stores.parts.newestSetOf(model)?.envelope ?? null };
  }

  pipeline(device: string, name: string): { answer: PipelineAnswer; tag: string } {
    const selection = this.#stores.selections.get(device);
    const choice = choiceOf(selection, name);
    const pipeline = choice && this.#stores.parts.get(choice.part);
    const set =
      pipeline?.document.kind === "pipeline" && this.#stores.parts.get(pipeline.document.set);
    const { fleet, retained } = this.#options;
    const reported = reportedIn(retained.get(topic(fleet, device, "reported")));
    const reads = readsOf(reported);
    const addressee = { device, labels: reported?.labels ?? {} };
    const newest = (kind: "pipeline" | "set") =>
      this.#stores.parts.newest(kind, name, addressee)?.envelope ?? null;
    const answer = {
      choice,
      chosen: pipeline && set ? { pipeline: pipeline.envelope, set: set.envelope } : null,
      newest: { pipeline: newest("pipeline"), set: newest("set") },
      former: isFormer(selection, name),
      reads: reads && [...reads],
    };
    return { answer, tag: tagOf(selection, name) };
  }

  /** `from`: as whose the pipeline may stand here beside `choice.owner`. */
  async choose(
    device: string,
    name: string,
    choice: PipelineChoice,
    ifMatch: string,
    from?: Owner,
  ) {
    this.#requireChoosable(device, name, choice);
    await this.#stores.parts.use([choice.part]);
    await this.#stores.selections.change(device, (selection) => {
      requireMatch(tagOf(selection, name), ifMatch, `pipeline ${name} of ${device}`);
      const before = choiceOf(selection, name);
      if (!isOf(before, from)) requireOwn(before, choice.owner, name, device);
      this.#requireNotOlder(before, choice, name);
      return withChoice(selection, name, choice);
    });
    this.#stores.composer.touch(device);
    return this.pipeline(device, name);
  }

  /** Takes a pipeline off a device. */
  async drop(device: string, name: string, owner: Owner, ifMatch: string) {
    await this.#stores.selections.change(device, (selection) => {
      requireMatch(tagOf(selection, name), ifMatch, `pipeline ${name} of ${device}`);
      requireOwn(choiceOf(selection, name), owner, name, device);
      return without(selection, name);
    });
    this.#stores.composer.touch(device);
    return this.pipeline(device, name);
  }

  /** Has a device remove engines, once it hears of it. Resolves with the number of the order. */
  async pruneEngines(device: string, keys: string[]): Promise<number> {
    const { fleet, retained } = this.#options;
    const reported = reportedIn(retained.get(topic(fleet, device, "reported")));
    let number = 0;
    await this.#stores.selections.change(device, (selection) => {
      const next = prunesEngines(selection, keys, device, reported);
      number = next.prune.number;
      return next;
    });
    this.#stores.composer.touch(device);
    return number;
  }

  async forget(device: string): Promise<void> {
    await this.#stores.selections.forget(device);
    await this.#stores.previous.forget(device);
  }

  async #prune(): Promise<void> {
    const { retained, fleet, log } = this.#options;
    const { selections, previous, parts } = this.#stores;
    const retainedDesired = (device: string) => retained.get(topic(fleet, device, "desired"));
    try {
      const devices = this.#devices();
      const pruned = await prune(
        { devices, selections, previous, parts, retainedDesired },
        Date.now(),
      );
      if (pruned.removed > 0) log("parts that nothing names were removed", pruned);
    } catch (error) {
      log("parts are not pruned", { reason: error instanceof Error ? error.message : "" });
    }
  }

  #devices(): Set<string> {
    const retained = [...this.#options.retained.entries()].map(([name]) => parseTopic(name));
    const told = retained.flatMap((one) => (one?.channel === "desired" ? [one.device] : []));
    return new Set([...this.#stores.selections.devices(), ...told]);
  }

  #requireChoosable(device: string, name: string, { part }: PipelineChoice): void {
    const pipeline = this.#stores.parts.get(part);
    if (pipeline?.document.kind !== "pipeline" || !this.#stores.parts.get(pipeline.document.set)) {
      throw new FleetError(
        "PART_MISSING",
        `Expected part ${part} with its set before it is chosen`,
      );
    }
    const { document } = pipeline;
    if (document.name !== name) {
      throw new FleetError("USAGE", `Expected a part of pipeline ${name} but got ${document.name}`);
    }
    // Labels are the devices' own business; they judge that scope themselves.
    if (document.scope.to === "labels" || isInScope(document.scope, { device, labels: {} })) return;
    const got = `one for ${scopeText(document.scope)}`;
    throw new FleetError("PART_OUT_OF_SCOPE", `Expected a part for ${device} but got ${got}`);
  }

  /** Devices would refuse it as well; whoever chooses should hear so at once. */
  #requireNotOlder(before: StoredChoice | null, { part }: PipelineChoice, name: string): void {
    const known = before && this.#stores.parts.get(before.part)?.document.number;
    const next = this.#stores.parts.get(part)?.document.number;
    if (!known || !next || compareNumbers(next, known) >= 0) return;
    const [last, got] = [numberText(known), numberText(next)];
    throw new FleetError(
      "PART_STALE",
      `Expected number ${last} or above of ${name} but got ${got}`,
    );
  }
}

async function openStores(options: DeployOptions): Promise<Stores> {
  const { folder, fleet, retained, broker, gather, log, layer = DISK } = options;
  const key = await openOnlineKey(path.join(folder, "online-key.pem"), layer);
  const roles = await RolesStore.open(folder, layer);
  const parts = await PartStore.open(path.join(folder, "parts"), log, layer);
  const desired = (device: string) => retained.get(topic(fleet, device, "desired"));
  const selections = await SelectionStore.open(path.join(folder, "selections"), desired, layer);
  const previous = await PreviousGenerations.open(path.join(folder, "previous"), layer);
  const composer = new Composer({
    ...{ fleet, key, roles, parts, selections, previous, gather, log },
    retained: (name) => retained.get(name),
    publish: (name, payload) => broker.publishRetained(name, payload),
  });
  return { key, roles, parts, selections, previous, composer };
}

function isOf(before: StoredChoice | null, owner: Owner | undefined): boolean {
  const theirs = before?.owner ?? null;
  return theirs?.program === owner?.program && theirs?.resource === owner?.resource;
}

function requireOwn(before: StoredChoice | null, owner: Owner, name: string, device: string): void {
  const theirs = before?.owner?.program;
  if (theirs === undefined || theirs === owner.program) return;
  throw new FleetError(
    "PIPELINE_OWNED",
    `Expected pipeline ${name} of ${device} to be free or of ${owner.program} but it is of ${theirs}`,
  );
}

/** Why the stores are not open: what a file says is told as it is, and the disk's faults under their own codes. */
function asClosed(error: unknown): FleetError {
  const doing = "the files of what is deployed";
  return diskErrorIn(error, doing, "HUB") ?? asFleetError(error, `opening ${doing}`);
}
