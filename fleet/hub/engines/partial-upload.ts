import type { EngineAttestation, EngineStatement } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { sizeIfThere } from "../../transfer/files/durable-file.ts";
import { digestOfFile } from "../../transfer/files/hash-file.ts";
import type { ObjectStore } from "../../transfer/files/object-store.ts";

/** An engine whose attestation was found good, and whose bytes are to come. */
export interface Pending {
  attestation: EngineAttestation;
  statement: EngineStatement;
}

/** Engines that a device may send at once; it builds one at a time. */
const MOST_AT_ONCE = 2;

/**
 * Engines on their way to the hub, which may break off and go on where they ended.
 *
 * INVARIANTS:
 * - one stream at a time writes to a part; a newer one takes its place, for the older may hang on a dead link.
 * - a part never becomes longer than what was attested.
 */
export class PartialUpload {
  readonly #bytes: ObjectStore;
  readonly #sending = new Map<string, { abort: AbortController; done: Promise<unknown> }>();
  /** By device, the newest last. */
  readonly #pending = new Map<string, Pending[]>();

  constructor(bytes: ObjectStore) {
    this.#bytes = bytes;
  }

  /** From where on the bytes are wanted. What else the device began to send long ago gives way. */
  async begin(pending: Pending): Promise<number> {
    const { digest, sizeBytes, device } = pending.statement;
    const others = this.#of(device).filter(({ statement }) => statement.digest !== digest);
    const leaving = others.slice(0, 1 - MOST_AT_ONCE);
    this.#pending.set(device, [...others.slice(1 - MOST_AT_ONCE), pending]);
    for (const { statement } of leaving) await this.#bytes.removePart(statement.digest);
    const held = (await sizeIfThere(this.#bytes.partPathOf(digest), this.#bytes.layer)) ?? 0;
    if (held <= sizeBytes) return held;
    await this.#bytes.removePart(digest);
    return 0;
  }

  /** What a device began to send; undefined when it did not, or before this hub was started. */
  find(device: string, key: string, digest: string): Pending | undefined {
    return this.#of(device).find(
      ({ statement }) => statement.digest === digest && statement.keyDigest === key,
    );
  }

  async forget(device: string): Promise<void> {
    const begun = this.#of(device);
    this.#pending.delete(device);
    for (const { statement } of begun) await this.#bytes.removePart(statement.digest);
  }

  /** Nothing of a stream that is too long can be part of the engine. */
  async #tooLong({ digest, sizeBytes }: EngineStatement): Promise<FleetError> {
    await this.#bytes.removePart(digest);
    return new FleetError("USAGE", `Expected ${sizeBytes} bytes of the engine but got more`);
  }

  #of(device: string): Pending[] {
    return this.#pending.get(device) ?? [];
  }

  /**
   * Adds what comes. True once the engine is whole and its bytes are those of its digest; false when the stream ended
   * before. Throws USAGE when it does not go on where the last one ended, or is too long, ARTIFACT_DIGEST.
   */
  async receive(
    { statement: wanted }: Pending,
    fromBytes: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<boolean> {
    const { digest } = wanted;
    const older = this.#sending.get(digest);
    older?.abort.abort();
    await older?.done.catch(() => undefined);
    const abort = new AbortController();
    const done = this.#append(wanted, fromBytes, bytes, abort.signal);
    const sending = { abort, done };
    this.#sending.set(digest, sending);
    try {
      return await done;
    } finally {
      if (this.#sending.get(digest) === sending) this.#sending.delete(digest);
    }
  }

  async #append(
    statement: EngineStatement,
    fromBytes: number,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { digest, sizeBytes } = statement;
    const { layer } = this.#bytes;
    const part = this.#bytes.partPathOf(digest);
    let held = (await sizeIfThere(part, layer)) ?? 0;
    if (held !== fromBytes) {
      throw new FleetError("USAGE", `Expected to go on at byte ${held} but got ${fromBytes}`);
    }
    const file = await layer.open(part, "a", 0o600);
    try {
      for await (const chunk of bytes) {
        if (signal.aborted) return false;
        if (held + chunk.length > sizeBytes) throw await this.#tooLong(statement);
        await file.write(chunk);
        held += chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (held < sizeBytes) return false;
    const found = await digestOfFile(part, layer);
    if (found === digest) {
      await this.#bytes.adopt(digest);
      return true;
    }
    await this.#bytes.removePart(digest);
    throw new FleetError("ARTIFACT_DIGEST", `Expected the engine ${digest} but got ${found}`);
  }
}
