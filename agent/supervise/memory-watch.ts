import { readFile } from "node:fs/promises";

/** A camera that sends all it can fills some 100 MB in this time. */
const INTERVAL_MS = 100;
/** Node, GStreamer, the inference library, and 16 pictures of 4K (H.264, level 5.1) in a decoder: 0.6 GB at most. */
const BASE_BYTES = 1024 * 2 ** 20;
/** A model's file, its weights as the library wants them, and what runs between the layers. */
const PER_MODEL_BYTE = 4;

/** What a runner may take whose models have so many bytes. */
export function memoryLimit(...modelBytes: number[]): number {
  return BASE_BYTES + PER_MODEL_BYTE * modelBytes.reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * Bytes that a process has to itself, in memory or swapped out: libraries, which many share, do not count. Null when
 * there is no such process, or the kernel (before 4.5) does not say.
 */
export async function ownBytes(pid: number): Promise<number | null> {
  try {
    return parseOwnBytes(await readFile(`/proc/${pid}/status`, "utf8"));
  } catch {
    return null;
  }
}

/** Of `/proc/PID/status`. */
export function parseOwnBytes(status: string): number | null {
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  const resident = kib("RssAnon");
  const swapped = kib("VmSwap");
  return Number.isNaN(resident) ? null : (resident + (Number.isNaN(swapped) ? 0 : swapped)) * 1024;
}

/** Looks at a process until it is told to stop. */
export class MemoryWatch {
  limitBytes: number;
  readonly #timer: NodeJS.Timeout;

  /** `onOver` is called once at most, with what the process had. */
  constructor(pid: number, limitBytes: number, onOver: (bytes: number) => void) {
    this.limitBytes = limitBytes;
    this.#timer = setInterval(() => {
      void ownBytes(pid).then((bytes) => {
        if (bytes === null || bytes <= this.limitBytes) return;
        this.stop();
        onOver(bytes);
      });
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
