import { performance } from "node:perf_hooks";
import type { Cards, CardTrouble } from "../../fleet/contract/index.ts";
import { FromRunner } from "../supervise/ipc/orders.ts";
import { memoryLimit } from "../supervise/memory-watch.ts";
import type { LaunchRunner, RunnerChild } from "../supervise/runner-child.ts";
import { errorOfEnd } from "../supervise/runner-process.ts";

const FRESH_MS = 5000;
const RETRY_MS = 30_000;

/**
 * The cards of a PC, as a runner tells of them that watches nothing else (runner-cards.ts): it may open them, which the
 * agent on a board may not.
 */
export class CardReader {
  readonly #launch: LaunchRunner;
  readonly #onTrouble: (trouble: CardTrouble | null) => void;
  readonly #retryMs: number;
  #child: RunnerChild | null = null;
  #retry: NodeJS.Timeout | null = null;
  #latest: { cards: Cards; atMs: number } | null = null;
  /** Of the last trouble that was told. */
  #told: string | null = null;
  #stopped = false;

  /** `onTrouble` is called when there is another kind of trouble than before, and with null when all is well again. */
  constructor(
    launch: LaunchRunner,
    onTrouble: (trouble: CardTrouble | null) => void,
    retryMs = RETRY_MS,
  ) {
    this.#launch = launch;
    this.#onTrouble = onTrouble;
    this.#retryMs = retryMs;
  }

  /** Null before anything is known. */
  latest(): Cards | null {
    if (this.#latest === null) return null;
    const { cards, atMs } = this.#latest;
    if (performance.now() - atMs < FRESH_MS) return cards;
    const says = "the process that asks for the cards says nothing";
    return { cards: [], trouble: cards.trouble ?? { kind: "hangs", says } };
  }

  start(): void {
    if (this.#stopped) return;
    try {
      const limits = { memoryBytes: memoryLimit() };
      this.#child = this.#launch(limits, {
        onAnswer: (raw) => {
          const message = FromRunner.safeParse(raw).data;
          if (message?.type === "cards") this.#take(message.cards);
        },
        onResults: () => true,
        onLine: () => undefined,
        onEnd: (end) => this.#startLater(errorOfEnd(end, "The process that asks for the cards")),
      });
      this.#child.send({ type: "watch-cards" });
    } catch (error) {
      // No memory for another process: the figures are missing for now, and nothing else.
      this.#startLater(error as Error);
    }
  }

  stop(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#child?.kill();
  }

  #take(cards: Cards): void {
    this.#latest = { cards, atMs: performance.now() };
    const kind = cards.trouble?.kind ?? null;
    if (kind === this.#told) return;
    this.#told = kind;
    this.#onTrouble(cards.trouble);
  }

  #startLater({ message }: Error): void {
    if (this.#stopped) return;
    this.#take({ cards: [], trouble: { kind: "not-started", says: message.slice(0, 400) } });
    this.#retry = setTimeout(() => this.start(), this.#retryMs);
    this.#retry.unref();
  }
}
