import { type ChildProcess, spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { parseTegrastats, type TegraStats } from "../../fleet/boards/index.ts";

const INTERVAL_MS = 1000;
const RETRY_MS = 30_000;
/** A line older than this tells nothing of the board as it is. */
const FRESH_MS = 5000;

/** One long-lived `tegrastats`: starting it anew for each sample costs more than it measures. */
export class TegrastatsReader {
  #child: ChildProcess | null = null;
  #retry: NodeJS.Timeout | null = null;
  #latest: { stats: TegraStats; atMs: number } | null = null;
  #stopped = false;

  /** The latest line, or null where the board has no tegrastats. */
  latest(): TegraStats | null {
    const isFresh = this.#latest !== null && performance.now() - this.#latest.atMs < FRESH_MS;
    return isFresh ? (this.#latest?.stats ?? null) : null;
  }

  start(): void {
    if (this.#stopped) return;
    try {
      this.#spawn();
    } catch {
      // No memory for another process: the board's figures are missing for now, and nothing else.
      this.#startLater();
    }
  }

  #spawn(): void {
    const child = spawn("tegrastats", ["--interval", String(INTERVAL_MS)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const stats = parseTegrastats(line);
      if (stats !== null) this.#latest = { stats, atMs: performance.now() };
    });
    child.once("error", () => undefined);
    child.once("close", () => this.#startLater());
  }

  stop(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#child?.kill("SIGTERM");
  }

  #startLater(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(() => this.start(), RETRY_MS);
    this.#retry.unref();
  }
}
