import type { Principal } from "../identity/principal.ts";

const LOOK_MS = 1000;
/** Of one peer and cause, told at most so often; the first at once. */
const TELL_EVERY_MS = 60_000;

/** What was left out of one peer's messages since it was last told. */
export interface Surplus {
  who: Principal;
  cause: SurplusCause;
  messages: number;
  bytes: number;
  /** How long messages that may not be lost were made to wait, summed over its sessions. */
  waitedMs: number;
}

/** It publishes too much; it does not read what is sent to it, or has too much of it sent. */
export type SurplusCause = "published" | "unread" | "sent";

interface Count extends Surplus {
  toldAtMs: number;
}

/** Counts what the broker leaves out or holds back, and tells of it. */
export class SurplusCount {
  readonly #counts = new Map<string, Count>();
  readonly #tell: (surplus: Surplus) => void;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(tell: (surplus: Surplus) => void, now: () => number = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  dropped(who: Principal, cause: SurplusCause, bytes: number): void {
    const count = this.#of(who, cause);
    count.messages += 1;
    count.bytes += bytes;
  }

  waited(who: Principal, waitMs: number): void {
    this.#of(who, "published").waitedMs += waitMs;
  }

  /** Called by itself once a second. */
  look(): void {
    const nowMs = this.#now();
    for (const [key, { toldAtMs, ...surplus }] of this.#counts) {
      if (nowMs - toldAtMs < TELL_EVERY_MS) continue;
      this.#counts.delete(key);
      if (surplus.messages === 0 && surplus.waitedMs === 0) continue;
      this.#tell(surplus);
      this.#counts.set(key, { ...none(surplus.who, surplus.cause), toldAtMs: nowMs });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const count of this.#counts.values()) count.toldAtMs = -Infinity;
    this.look();
  }

  #of(who: Principal, cause: SurplusCause): Count {
    const key = `${cause} ${who.kind}/${who.name}`;
    const known = this.#counts.get(key);
    if (known) return known;
    const made = { ...none(who, cause), toldAtMs: -Infinity };
    this.#counts.set(key, made);
    return made;
  }
}

function none(who: Principal, cause: SurplusCause): Surplus {
  return { who, cause, messages: 0, bytes: 0, waitedMs: 0 };
}

/** The same for people. */
export function surplusText({ who, cause, messages, bytes, waitedMs }: Surplus): string {
  const name = `${who.kind} ${who.name}`;
  const left = `${messages} messages (${bytes} bytes)`;
  if (cause === "sent")
    return `More is to be sent to ${name} than one peer may take: ${left} left out`;
  if (cause === "unread") return `Sessions of ${name} do not read what is sent: ${left} left out`;
  const held = `others held back for ${Math.round(waitedMs)} ms`;
  return `${name} publishes more than one peer may: ${left} left out, ${held}`;
}
