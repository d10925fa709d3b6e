import path from "node:path";
import { CHANNELS, type ChannelName, parseTopic, topic } from "../../contract/index.ts";
import { Name } from "../../spec/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import type { Log } from "../log.ts";

interface PendingWrite {
  payload: Buffer;
  done: Promise<void>;
}

/**
 * Retained messages, in memory and as files `<device>/<channel>` that hold the payload as it came.
 *
 * INVARIANTS:
 * - `store` resolves only when that payload or a later one of the topic is on disk; writes of one topic never overlap.
 * - memory is what the disk will be; when a write fails and no later one waits, it is again what the disk has.
 * - a file that cannot be read is told and left as it is; it keeps neither the hub nor its neighbours from starting.
 */
export class RetainedStore {
  readonly #folder: string;
  readonly #fleet: string;
  readonly #layer: FileLayer;
  readonly #messages = new Map<string, Buffer>();
  /** What is on disk, of topics whose last write is under way or failed. */
  readonly #onDisk = new Map<string, Buffer | undefined>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #next = new Map<string, PendingWrite>();
  #listener: (topicName: string) => void = () => {};

  private constructor(folder: string, fleet: string, layer: FileLayer) {
    this.#folder = folder;
    this.#fleet = fleet;
    this.#layer = layer;
  }

  static async open(
    folder: string,
    fleet: string,
    log: Log,
    layer: FileLayer = DISK,
  ): Promise<RetainedStore> {
    const store = new RetainedStore(folder, fleet, layer);
    try {
      await layer.mkdir(folder, { recursive: true, mode: 0o700 });
      for (const device of await layer.readdir(folder)) {
        if (Name.safeParse(device).success) await store.#load(device, log);
      }
    } catch (error) {
      log("what is retained cannot be read", { reason: String(error) });
    }
    return store;
  }

  entries(): IterableIterator<[string, Buffer]> {
    return this.#messages.entries();
  }

  get(topicName: string): Buffer | undefined {
    return this.#messages.get(topicName);
  }

  /** Calls `listener` for every message that is to be retained from now on. */
  onStored(listener: (topicName: string) => void): void {
    this.#listener = listener;
  }

  /** An empty payload removes the message (MQTT 3.1.1 §3.3.1.3). */
  store(topicName: string, payload: Buffer): Promise<void> {
    this.#fileOf(topicName);
    if (!this.#onDisk.has(topicName)) this.#onDisk.set(topicName, this.#messages.get(topicName));
    this.#remember(topicName, payload.length === 0 ? undefined : payload);
    return this.#enqueue(topicName, payload);
  }

  #remember(topicName: string, payload: Buffer | undefined): void {
    if (payload === undefined) this.#messages.delete(topicName);
    else this.#messages.set(topicName, payload);
    this.#listener(topicName);
  }

  /** Topics that were retained for the device. */
  topicsOf(device: string): string[] {
    return [...this.#messages.keys()].filter((name) => parseTopic(name)?.device === device);
  }

  async settled(): Promise<void> {
    await Promise.allSettled([...this.#writing.values(), ...waiting(this.#next)]);
  }

  /** While one write runs, later payloads of the topic share the next one: only the newest needs the disk. */
  #enqueue(topicName: string, payload: Buffer): Promise<void> {
    const queued = this.#next.get(topicName);
    if (queued) {
      queued.payload = payload;
      return queued.done;
    }
    const running = this.#writing.get(topicName);
    if (!running) return this.#write(topicName, payload);
    const start = (): Promise<void> => {
      const next = this.#next.get(topicName);
      this.#next.delete(topicName);
      return this.#write(topicName, next?.payload ?? payload);
    };
    const done = running.then(start, start);
    this.#next.set(topicName, { payload, done });
    return done;
  }

  #write(topicName: string, payload: Buffer): Promise<void> {
    const done = this.#toDisk(topicName, payload)
      .catch((error: unknown) => {
        // A later payload that waits will be what counts; without one, nobody may hear what is not on disk.
        if (!this.#next.has(topicName)) this.#remember(topicName, this.#onDisk.get(topicName));
        throw error;
      })
      .finally(() => {
        if (this.#writing.get(topicName) !== done) return;
        this.#writing.delete(topicName);
        if (!this.#next.has(topicName)) this.#onDisk.delete(topicName);
      });
    this.#writing.set(topicName, done);
    return done;
  }

  async #toDisk(topicName: string, payload: Buffer): Promise<void> {
    const file = this.#fileOf(topicName);
    if (payload.length === 0) await this.#remove(file);
    else await writeFileDurably(file, payload, 0o600, this.#layer);
    this.#onDisk.set(topicName, payload.length === 0 ? undefined : payload);
  }

  async #load(device: string, log: Log): Promise<void> {
    const folder = path.join(this.#folder, device);
    try {
      for (const entry of await this.#layer.readdir(folder)) {
        const file = path.join(folder, entry);
        if (entry.endsWith(".tmp")) await this.#layer.rm(file, { force: true });
        else if (entry in CHANNELS) await this.#loadFile(device, entry as ChannelName, log);
      }
    } catch (error) {
      log("what is retained of a device cannot be read", { device, reason: String(error) });
    }
  }

  async #loadFile(device: string, channel: ChannelName, log: Log): Promise<void> {
    try {
      const bytes = await this.#layer.readFile(path.join(this.#folder, device, channel));
      this.#messages.set(topic(this.#fleet, device, channel), bytes);
    } catch (error) {
      log("a retained message cannot be read", { device, channel, reason: String(error) });
    }
  }

  async #remove(file: string): Promise<void> {
    await this.#layer.rm(file, { force: true });
    await syncFolder(path.dirname(file), this.#layer).catch(() => {});
  }

  /** Only names that the contract allows ever become paths. */
  #fileOf(topicName: string): string {
    const parsed = parseTopic(topicName);
    if (!parsed || parsed.detail !== null || !CHANNELS[parsed.channel].retain) {
      throw new Error(`${topicName} is not a retained channel`);
    }
    return path.join(this.#folder, Name.parse(parsed.device), parsed.channel);
  }
}

function waiting(next: Map<string, PendingWrite>): Promise<void>[] {
  return [...next.values()].map((write) => write.done);
}
