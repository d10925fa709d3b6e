import path from "node:path";
import type { EngineAttestation, EngineStatement } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import type { FileLayer } from "../../transfer/files/file-layer.ts";
import { hexOf, ObjectStore } from "../../transfer/files/object-store.ts";
import { readAttestation } from "../../transfer/identity/signed-engine.ts";
import { readStored } from "../deploy/stored-json.ts";
import type { Log } from "../log.ts";
import {
  type Dispute,
  type EngineQuota,
  KeptKey,
  MOST_DISPUTES,
  MOST_REFUSED,
  type Offered,
  toMakeRoom,
} from "./kept-engine.ts";
import { PartialUpload, type Pending } from "./partial-upload.ts";

export interface ShelfOptions {
  folder: string;
  fleet: string;
  /** The fleet's CA, as this hub trusts it. */
  caPem: () => string;
  layer: FileLayer;
  quota: EngineQuota;
  log: Log;
}

const KEY = /^([0-9a-f]{64})\.json$/;

/**
 * Engines that devices offer to others, one for a key: bytes by digest below `bytes/`, and beside them, by the digest of
 * the key, their attestation and what was disputed.
 *
 * INVARIANTS:
 * - an engine is offered once its attestation was found to be of this fleet, and its bytes to be those attested.
 * - memory is what the disk holds: a change is written first.
 */
export class EngineShelf {
  readonly #options: ShelfOptions;
  readonly #bytes: ObjectStore;
  readonly #uploads: PartialUpload;
  readonly #offered = new Map<string, Offered>();
  readonly #disputes = new Map<string, Dispute[]>();
  #opened: Promise<void> | null = null;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#bytes = new ObjectStore(path.join(options.folder, "bytes"), options.layer);
    this.#uploads = new PartialUpload(this.#bytes);
  }

  /** Reads what is there, at the first use; what cannot be read now is read at the next one. */
  async open(): Promise<void> {
    this.#opened ??= this.#read();
    try {
      await this.#opened;
    } catch (error) {
      this.#opened = null;
      throw error;
    }
  }

  get bytes(): ObjectStore {
    return this.#bytes;
  }

  /** The engine of a key whose bytes are whole; one that is not is taken away. */
  async offerOf(key: string): Promise<Offered | null> {
    const offered = this.#offered.get(key);
    if (offered === undefined) return null;
    if ((await this.#bytes.verifiedSize(offered.statement.digest)) === null) {
      this.#options.log("an engine was damaged here and is offered no more", { key });
      await this.withdraw(key);
      return null;
    }
    offered.usedAtMs = Date.now();
    return offered;
  }

  /** What is said of an engine. Throws ENGINE_ATTESTATION, also when it is another's, or of another key. */
  read(key: string, attestation: EngineAttestation, device: string): EngineStatement {
    const statement = readAttestation(attestation, this.#options.fleet, this.#options.caPem());
    if (statement.device === device && statement.keyDigest === key) return statement;
    const message = `Expected ${device} to attest an engine of ${key} but got one of ${statement.device} and ${statement.keyDigest}`;
    throw new FleetError("ENGINE_ATTESTATION", message);
  }

  /** Where the bytes of an engine that was read are to go on; null: there is one. Throws ENGINE_DISPUTED, ENGINE_QUOTA. */
  async accept(pending: Pending): Promise<number | null> {
    const { statement } = pending;
    this.#requireUndisputed(statement);
    if (toMakeRoom([], statement, this.#options.quota) === null) throw tooLarge(statement);
    if ((await this.offerOf(statement.keyDigest)) !== null) return null;
    return this.#uploads.begin(pending);
  }

  /**
   * Takes bytes in, from `fromBytes` on; once they are whole the engine is offered. True when it is. Throws
   * ARTIFACT_MISSING for what was not accepted before.
   */
  async receive(
    { key, device, digest }: { key: string; device: string; digest: string },
    fromBytes: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<boolean> {
    const pending = this.#uploads.find(device, key, digest);
    if (pending === undefined) {
      throw new FleetError("ARTIFACT_MISSING", `Expected ${device} to offer ${digest} first`);
    }
    if (!(await this.#uploads.receive(pending, fromBytes, bytes))) return false;
    this.#requireUndisputed(pending.statement);
    await this.#makeRoom(pending.statement);
    await this.#keep(key, { ...pending, usedAtMs: Date.now() });
    return true;
  }

  /** Takes the engine away from all, and remembers it. Resolves with who had built it; null: it is not offered. */
  async dispute(
    key: string,
    said: Pick<Dispute, "digest" | "by" | "code">,
  ): Promise<string | null> {
    const offered = this.#offered.get(key);
    if (offered?.statement.digest !== said.digest) return null;
    const builder = offered.statement.device;
    const dispute = { ...said, builder, atMs: Date.now() };
    const disputes = [...(this.#disputes.get(key) ?? []), dispute].slice(-MOST_DISPUTES);
    await this.#write(key, { attestation: null, disputes });
    this.#disputes.set(key, disputes);
    this.#offered.delete(key);
    await this.#removeBytes(said.digest);
    return builder;
  }

  /** What a device that is no more had offered, and what was held against it. */
  async forget(device: string): Promise<void> {
    await this.#uploads.forget(device);
    for (const [key, { statement }] of this.#offered) {
      if (statement.device === device) await this.withdraw(key);
    }
    for (const [key, disputes] of this.#disputes) {
      const others = disputes.filter(({ builder }) => builder !== device);
      if (others.length === disputes.length) continue;
      const attestation = this.#offered.get(key)?.attestation ?? null;
      await this.#write(key, { attestation, disputes: others });
      this.#disputes.set(key, others);
    }
  }

  async withdraw(key: string): Promise<void> {
    const offered = this.#offered.get(key);
    await this.#write(key, { attestation: null, disputes: this.#disputes.get(key) ?? [] });
    this.#offered.delete(key);
    if (offered) await this.#removeBytes(offered.statement.digest);
  }

  #requireUndisputed({ keyDigest, digest, device }: EngineStatement): void {
    const refused = [...this.#disputes.values()].flat();
    const ofBuilder = refused.filter(({ builder }) => builder === device);
    const isRefused = ofBuilder.some((one) => one.digest === digest);
    if (!isRefused && ofBuilder.length < MOST_REFUSED) return;
    const why = isRefused
      ? `${ofBuilder.find((one) => one.digest === digest)?.by} refused this very engine`
      : `${ofBuilder.length} engines of ${device} were refused`;
    const message = `Expected an engine that nobody refused but ${why}, while taking one of ${keyDigest}`;
    throw new FleetError("ENGINE_DISPUTED", message);
  }

  async #makeRoom(statement: EngineStatement): Promise<void> {
    const going = toMakeRoom([...this.#offered.values()], statement, this.#options.quota);
    if (going === null) throw tooLarge(statement);
    for (const { statement: other } of going) await this.withdraw(other.keyDigest);
  }

  async #keep(key: string, offered: Offered): Promise<void> {
    const disputes = this.#disputes.get(key) ?? [];
    await this.#write(key, { attestation: offered.attestation, disputes });
    this.#offered.set(key, offered);
  }

  async #read(): Promise<void> {
    const { folder, layer, log } = this.#options;
    await layer.mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#bytes.open();
    await this.#bytes.removePartsExcept([]);
    for (const name of await layer.readdir(folder)) {
      const hex = KEY.exec(name)?.[1];
      if (hex === undefined) continue;
      try {
        await this.#readKey(`sha256:${hex}`);
      } catch (error) {
        log("what was kept of a shared engine is of no use", { name, reason: String(error) });
      }
    }
  }

  async #readKey(key: string): Promise<void> {
    const { layer, fleet, caPem } = this.#options;
    const kept = await readStored(this.#fileOf(key), KeptKey, layer);
    if (kept === null) return;
    this.#disputes.set(key, kept.disputes);
    if (kept.attestation === null) return;
    const { attestation } = kept;
    const statement = readAttestation(attestation, fleet, caPem());
    if (statement.keyDigest === key) {
      this.#offered.set(key, { attestation, statement, usedAtMs: statement.builtAtMs });
    }
  }

  async #removeBytes(digest: string): Promise<void> {
    const isNeeded = [...this.#offered.values()].some(
      ({ statement }) => statement.digest === digest,
    );
    if (!isNeeded) await this.#bytes.remove(digest);
  }

  async #write(key: string, kept: KeptKey): Promise<void> {
    const { folder, layer } = this.#options;
    const file = this.#fileOf(key);
    if (kept.attestation === null && kept.disputes.length === 0) {
      await layer.rm(file, { force: true });
      return syncFolder(folder, layer);
    }
    await writeFileDurably(file, `${JSON.stringify(kept)}\n`, 0o600, layer);
  }

  #fileOf(key: string): string {
    return path.join(this.#options.folder, `${hexOf(key)}.json`);
  }
}

function tooLarge({ sizeBytes, device }: EngineStatement): FleetError {
  const message = `Expected an engine within the quota but that of ${device} has ${sizeBytes} bytes`;
  return new FleetError("ENGINE_QUOTA", message);
}
