import type { ReportedError } from "../../fleet/contract/index.ts";
import type { BackoffRange } from "../../fleet/transfer/backoff.ts";
import { fetchObject } from "../../fleet/transfer/download/fetch-object.ts";
import { originOf } from "../../fleet/transfer/download/http-get.ts";
import { sizeIfThere } from "../../fleet/transfer/files/durable-file.ts";
import { hexOf, type ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import type { AgentConfig } from "../config.ts";
import type { Log } from "../report/log.ts";
import { toReportedError } from "../report/reported-error.ts";
import { freeBytes, RESERVE_BYTES, requireSpace } from "../update/free-space.ts";
import type { Step } from "./plan.ts";

export interface FetcherOptions {
  objects: ObjectStore;
  config: Pick<AgentConfig, "hubUrl" | "username" | "password">;
  stallMs: number;
  backoff: BackoffRange;
  log: Log;
  /** A number moved, or an attempt failed and will be repeated. */
  onProgress: () => void;
}

export interface Progress {
  fetchedBytes: number;
  totalBytes: number;
  /** What ended the last attempt, while the next one is awaited. */
  error: ReportedError | null;
}

type FetchStep = Extract<Step, { kind: "fetch" }>;

/** Brings the missing objects of a set onto the disk, one after the other. */
export class Fetcher {
  readonly #options: FetcherOptions;
  #progress: Progress | null = null;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Null when nothing is being fetched. */
  get progress(): Progress | null {
    return this.#progress;
  }

  /**
   * `keep` names the objects that must survive when room has to be made. Resolves with the bytes that were
   * received for it.
   */
  async fetchAll(
    steps: readonly FetchStep[],
    artifactUrl: string,
    keep: readonly string[],
    signal: AbortSignal,
  ): Promise<number> {
    if (steps.length === 0) return 0;
    const missing = await this.#missingBytes(steps);
    await this.#makeRoom(missing, keep);
    const totalBytes = steps.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let done = 0;
    try {
      for (const step of steps) {
        await this.#fetchOne(step, artifactUrl, signal, (bytes) => {
          this.#show({ fetchedBytes: done + bytes, totalBytes, error: null });
        });
        done += step.sizeBytes;
      }
      return missing;
    } finally {
      this.#progress = null;
      this.#options.onProgress();
    }
  }

  async #fetchOne(
    { digest, sizeBytes }: FetchStep,
    artifactUrl: string,
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const { objects, stallMs, backoff } = this.#options;
    const url = `${artifactUrl.replace(/\/*$/, "")}/objects/${digest}`;
    onBytes((await sizeIfThere(objects.partPathOf(digest))) ?? 0);
    await fetchObject({
      url,
      authorization: this.#authorizationFor(url),
      digest,
      sizeBytes,
      partPath: objects.partPathOf(digest),
      stallMs,
      backoff,
      signal,
      onProgress: onBytes,
      onRetry: (error, waitMs) => this.#noteRetry(error, waitMs),
    });
    await objects.adopt(digest);
  }

  #noteRetry(error: Error, waitMs: number): void {
    const reported = toReportedError(error, "fetching an object");
    this.#options.log.warn("fetching is tried again", { reason: reported.message, waitMs });
    if (this.#progress) this.#show({ ...this.#progress, error: reported });
  }

  #show(progress: Progress): void {
    this.#progress = progress;
    this.#options.onProgress();
  }

  /** The password goes to the hub that this device was provisioned for and to no other origin. */
  #authorizationFor(url: string): string | null {
    const { hubUrl, username, password } = this.#options.config;
    if (originOf(url) !== originOf(hubUrl)) return null;
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  /** When the disk is short, what only an older set uses goes first; then BOARD_DISK_FULL. */
  async #makeRoom(needed: number, keep: readonly string[]): Promise<void> {
    const { objects } = this.#options;
    const free = await freeBytes(objects.folder);
    if (free !== null && free < needed + RESERVE_BYTES) {
      const kept = new Set(keep.map(hexOf));
      const unused = (await objects.list()).filter((digest) => !kept.has(hexOf(digest)));
      for (const digest of unused) await objects.remove(digest);
    }
    requireSpace(needed, await freeBytes(objects.folder));
  }

  async #missingBytes(steps: readonly FetchStep[]): Promise<number> {
    let missing = 0;
    for (const { digest, sizeBytes } of steps) {
      const held = (await sizeIfThere(this.#options.objects.partPathOf(digest))) ?? 0;
      missing += Math.max(0, sizeBytes - held);
    }
    return missing;
  }
}
