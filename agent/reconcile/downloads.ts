import { performance } from "node:perf_hooks";
import type { ReportedError } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { type ModelManifest, objectsOfModel } from "../../fleet/spec/index.ts";
import { type BackoffRange, throwIfAborted } from "../../fleet/transfer/backoff.ts";
import type { Connector } from "../../fleet/transfer/connector.ts";
import { fetchObject } from "../../fleet/transfer/download/fetch-object.ts";
import { sizeIfThere } from "../../fleet/transfer/files/durable-file.ts";
import type { ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import { originOf } from "../../fleet/transfer/http/http-request.ts";
import type { AgentConfig } from "../config.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import { freeBytes, RESERVE_BYTES, requireSpace } from "../update/free-space.ts";
import { MACHINE } from "../update/pipeline-version.ts";
import { Turns } from "../update/turns.ts";

export interface DownloadsOptions {
  objects: ObjectStore;
  config: Pick<AgentConfig, "hubUrl">;
  connector: Connector;
  /** Where objects lie at this moment, null: at the hub; asked before each attempt. */
  artifactUrl: () => string | null;
  /** Objects that must survive when room has to be made. */
  inUse: () => ReadonlySet<string>;
  /** Objects that stay when what is unused is cleared away. */
  kept: () => ReadonlySet<string>;
  stallMs: number;
  backoff: BackoffRange;
  log: Log;
  /** A number moved, or an attempt failed and will be repeated. */
  onProgress: () => void;
}

export type Wanted = Pick<ModelManifest, "digest" | "sizeBytes">;

export interface Progress {
  fetchedBytes: number;
  totalBytes: number;
  /** What ended the last attempt, while the next one is awaited. */
  error: ReportedError | null;
}

interface Download {
  object: Wanted;
  abort: AbortController;
  waiters: number;
  fetchedBytes: number;
  error: ReportedError | null;
  /** Resolves with the bytes that were received. */
  done: Promise<number>;
}

/**
 * Brings objects onto the disk. What several pipelines need is fetched once, and for as long as one of them wants it.
 *
 * INVARIANTS:
 * - at most one download per object, so that nobody else writes to its part.
 * - an object is looked for, and what is unused is removed, in turns: nothing goes that was just found to be there.
 */
export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #running = new Map<string, Download>();
  readonly #looks = new Turns();

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /** Resolves once all objects of these models lie whole on disk, with the bytes that were received for them. */
  async bringAll(models: readonly ModelManifest[], signal: AbortSignal): Promise<number> {
    let receivedBytes = 0;
    for (const object of models.flatMap((model) => objectsOfModel(model, MACHINE))) {
      receivedBytes += await this.bring(object, signal);
    }
    return receivedBytes;
  }

  /** Resolves once the object lies whole on disk, with the bytes that were received for it. */
  async bring(object: Wanted, signal: AbortSignal): Promise<number> {
    for (;;) {
      throwIfAborted(signal);
      const isThere = await this.#looks.take(() => this.#options.objects.verify(object.digest));
      if (isThere) return 0;
      const ending = this.#running.get(object.digest);
      // One that its last waiter gave up still holds the part.
      if (ending?.abort.signal.aborted) await ending.done.catch(() => undefined);
      else return await this.#join(ending ?? this.#start(object), signal);
    }
  }

  /** Of the objects of one pipeline; null when none of them is being fetched. */
  progress(objects: readonly Wanted[]): Progress | null {
    const running = objects.flatMap(({ digest }) => this.#running.get(digest) ?? []);
    if (running.length === 0) return null;
    return {
      fetchedBytes: running.reduce((sum, { fetchedBytes }) => sum + fetchedBytes, 0),
      totalBytes: running.reduce((sum, { object }) => sum + object.sizeBytes, 0),
      error: running.find(({ error }) => error !== null)?.error ?? null,
    };
  }

  /** Of all that is being fetched. */
  get total(): Progress | null {
    return this.progress([...this.#running.values()].map(({ object }) => object));
  }

  /** Removes objects, and parts of objects, that nothing needs. */
  clear(): Promise<void> {
    return this.#looks.take(async () => {
      const { objects } = this.#options;
      await objects.removePartsExcept([...this.#kept(), ...this.#running.keys()]);
      await this.#removeExcept(() => this.#kept());
    });
  }

  #kept(): ReadonlySet<string> {
    return this.#options.kept();
  }

  #start(object: Wanted): Download {
    const abort = new AbortController();
    const download: Download = {
      ...{ object, abort, waiters: 0, fetchedBytes: 0, error: null },
      done: Promise.resolve(0),
    };
    this.#running.set(object.digest, download);
    download.done = this.#fetch(download).finally(() => {
      this.#running.delete(object.digest);
      this.#options.onProgress();
    });
    return download;
  }

  /** Waits for a download for as long as the signal allows; the last one to leave ends it. */
  async #join(download: Download, signal: AbortSignal): Promise<number> {
    download.waiters += 1;
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_resolve, reject) => {
      leave = () => reject(new FleetError("CANCELLED", "Superseded or stopped"));
      signal.addEventListener("abort", leave);
    });
    try {
      return await Promise.race([download.done, left]);
    } finally {
      signal.removeEventListener("abort", leave);
      download.waiters -= 1;
      if (download.waiters === 0) download.abort.abort();
    }
  }

  async #fetch(download: Download): Promise<number> {
    const { object, abort } = download;
    const { objects, stallMs, backoff, log } = this.#options;
    const partPath = objects.partPathOf(object.digest);
    const held = (await sizeIfThere(partPath, objects.layer)) ?? 0;
    this.#show(download, { fetchedBytes: held, error: null });
    await this.#makeRoom();
    const startedMs = performance.now();
    await fetchObject({
      where: () => this.#where(object.digest),
      digest: object.digest,
      sizeBytes: object.sizeBytes,
      partPath,
      layer: objects.layer,
      stallMs,
      backoff,
      signal: abort.signal,
      onProgress: (fetchedBytes) => this.#show(download, { fetchedBytes, error: null }),
      onRetry: (error, waitMs) => {
        const reported = toReportedError(error, "fetching an object");
        log.warn("fetching is tried again", { reason: reported.message, waitMs });
        this.#show(download, { error: reported });
      },
    });
    await objects.adopt(object.digest);
    log.info("object fetched", {
      digest: object.digest,
      bytes: object.sizeBytes - held,
      tookMs: Math.round(performance.now() - startedMs),
    });
    return Math.max(0, object.sizeBytes - held);
  }

  #show(download: Download, change: Partial<Pick<Download, "fetchedBytes" | "error">>): void {
    Object.assign(download, change);
    this.#options.onProgress();
  }

  /** The certificate is shown to the hub that this device was provisioned for and to no other origin. */
  #where(digest: string): { url: string; connector: Connector | null } {
    const { artifactUrl, config, connector } = this.#options;
    const base = artifactUrl() ?? config.hubUrl;
    const url = `${base.replace(/\/*$/, "")}/objects/${digest}`;
    return { url, connector: originOf(url) === originOf(config.hubUrl) ? connector : null };
  }

  /** When the disk is short, what only an older version uses goes first; then BOARD_DISK_FULL. */
  async #makeRoom(): Promise<void> {
    const { objects, inUse } = this.#options;
    const needed = await this.#missingBytes();
    const free = await freeBytes(objects.folder);
    if (free !== null && free < needed + RESERVE_BYTES) {
      await this.#looks.take(() => this.#removeExcept(inUse));
    }
    requireSpace(needed, await freeBytes(objects.folder));
  }

  /** Of all downloads under way: they share the disk. */
  async #missingBytes(): Promise<number> {
    const { objects } = this.#options;
    let missing = 0;
    for (const { object } of this.#running.values()) {
      const held = (await sizeIfThere(objects.partPathOf(object.digest), objects.layer)) ?? 0;
      missing += Math.max(0, object.sizeBytes - held);
    }
    return missing;
  }

  async #removeExcept(kept: () => ReadonlySet<string>): Promise<void> {
    const { objects } = this.#options;
    for (const digest of await objects.list()) {
      if (!kept().has(digest)) await objects.remove(digest);
    }
  }
}
