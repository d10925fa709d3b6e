import path from "node:path";
import { writeFileDurably } from "../transfer/files/durable-file.ts";
import type { FileLayer } from "../transfer/files/file-layer.ts";
import type { Log } from "./log.ts";

const RETRY_MS = 5000;

/** A file that the hub writes for others and can do without: a disk that refuses it is told, and tried again. */
export class KeptFile {
  readonly #file: string;
  readonly #log: Log;
  readonly #layer: FileLayer;
  #retry: NodeJS.Timeout | undefined;

  constructor(file: string, log: Log, layer: FileLayer) {
    this.#file = file;
    this.#log = log;
    this.#layer = layer;
  }

  /** Resolves after the first attempt, whatever became of it. */
  async write(text: string, mode: number): Promise<void> {
    try {
      await writeFileDurably(this.#file, text, mode, this.#layer);
    } catch (error) {
      const file = path.basename(this.#file);
      this.#log("a file is not written, tried again", { file, reason: String(error) });
      this.#retry = setTimeout(() => void this.write(text, mode), RETRY_MS).unref();
    }
  }

  stop(): void {
    clearTimeout(this.#retry);
  }
}
