import { setTimeout as sleep } from "node:timers/promises";
import type { ClientChannel } from "ssh2";

/** OpenSSH's own MaxSessions. */
const MOST_CHANNELS = 10;
/** A server that just closed one may need a moment until it lets in the next. */
const RETRY_DELAYS_MS = [50, 200, 500];

/**
 * Channels of one connection. Some servers allow fewer than others (MaxSessions 1): what is refused while others are
 * open waits for one of them, and from then on no more are asked for than were let in.
 */
export class ChannelGate {
  #open = 0;
  #most = MOST_CHANNELS;
  readonly #waiting: (() => void)[] = [];

  /**
   * Opens a channel as soon as there is room; rejects with the server's reason when it refuses the only one. `start` has
   * `closed` called when its channel closes, and must see to that at once: a short command's may close with its opening.
   */
  async open(
    start: (closed: () => void) => Promise<ClientChannel>,
    signal: AbortSignal,
  ): Promise<ClientChannel> {
    for (let refusals = 0; ; ) {
      signal.throwIfAborted();
      if (this.#open >= this.#most) {
        await this.#turn(signal);
        continue;
      }
      this.#open += 1;
      try {
        return await start(() => this.#free());
      } catch (error) {
        this.#free();
        if (!isRefusal(error)) throw error;
        if (this.#open > 0) {
          this.#most = Math.min(this.#most, this.#open);
          continue;
        }
        const delayMs = RETRY_DELAYS_MS[refusals++];
        if (delayMs === undefined) throw error;
        await sleep(delayMs, undefined, { signal });
      }
    }
  }

  #free(): void {
    this.#open -= 1;
    this.#waiting.shift()?.();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = () => {
        signal.removeEventListener("abort", go);
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve();
      };
      signal.addEventListener("abort", go, { once: true });
      this.#waiting.push(go);
    });
  }
}

/** RFC 4254 §5.1: the server says no to the channel, and the connection goes on. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && /Channel open failure/.test(error.message);
}
