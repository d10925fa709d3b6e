import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { CHANNELS, type ChannelName, parseTopic, topic } from "../../contract/index.ts";
import { Name } from "../../spec/index.ts";
import { syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";

interface PendingWrite {
  payload: Buffer;
  done: Promise<void>;
}

/**
 * Retained messages, in memory and as files `<device>/<channel>` that hold the payload as it came.
 *
 * INVARIANTS: `store` resolves only when that payload or a later one of the topic is on disk; writes of one topic
 * never overlap; memory is what the disk will be.
 */
export class RetainedStore {
  readonly #folder: string;
  readonly #fleet: string;
  readonly #messages = new Map<string, Buffer>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #next = new Map<string, PendingWrite>();
  #listener: (topicName: string) => void = () => {};

  private constructor(folder: string, fleet: string) {
    this.#folder = folder;
    this.#fleet = fleet;
  }

  static async open(folder: string, fleet: string): Promise<RetainedStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new RetainedStore(folder, fleet);
    for (const device of await readdir(folder)) {
      if (Name.safeParse(device).success) await store.#load(device);
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
    if (payload.length === 0) this.#messages.delete(topicName);
    else this.#messages.set(topicName, payload);
    this.#listener(topicName);
    return this.#enqueue(topicName, payload);
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
    const file = this.#fileOf(topicName);
    const done = (payload.length === 0 ? remove(file) : writeFileDurably(file, payload)).finally(
      () => {
        if (this.#writing.get(topicName) === done) this.#writing.delete(topicName);
      },
    );
    this.#writing.set(topicName, done);
    return done;
  }

  async #load(device: string): Promise<void> {
    const folder = path.join(this.#folder, device);
    for (const entry of await readdir(folder)) {
      if (entry.endsWith(".tmp")) await rm(path.join(folder, entry), { force: true });
      else if (entry in CHANNELS) {
        const name = topic(this.#fleet, device, entry as ChannelName);
        this.#messages.set(name, await readFile(path.join(folder, entry)));
      }
    }
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

async function remove(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncFolder(path.dirname(file)).catch(() => {});
}

function waiting(next: Map<string, PendingWrite>): Promise<void>[] {
  return [...next.values()].map((write) => write.done);
}
