import type { Principal } from "../identity/principal.ts";
import { type Rate, TokenBucket } from "../token-bucket.ts";

interface Rates {
  messages: Rate;
  bytes: Rate;
}

const MIB = 1 << 20;

/**
 * What one peer may publish, over all its sessions. Sixteen pipelines of 60 frames a second send 960 batches a second,
 * a few KiB each; and what a device gathered while it was away comes at once.
 */
const PUBLISHED: Readonly<Record<Principal["kind"], Rates>> = {
  device: {
    messages: { perSecond: 2000, most: 4000 },
    bytes: { perSecond: 4 * MIB, most: 8 * MIB },
  },
  operator: {
    messages: { perSecond: 2000, most: 4000 },
    bytes: { perSecond: 8 * MIB, most: 16 * MIB },
  },
};

/**
 * What is sent to one peer, over all its sessions, of what may be lost: ten programs that watch the figures of a thousand
 * devices.
 */
const SENT: Rates = {
  messages: { perSecond: 10_000, most: 10_000 },
  bytes: { perSecond: 32 * MIB, most: 32 * MIB },
};

/** What a peer gets for its subscriptions of what is retained: all of a thousand devices, for ten programs that start at once. */
const SUBSCRIBED: Rates = {
  messages: { perSecond: 10_000, most: 50_000 },
  bytes: { perSecond: 32 * MIB, most: 256 * MIB },
};

/** Messages and bytes that somebody may have worked on. */
export class Allowance {
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor({ messages, bytes }: Rates, nowMs: number) {
    this.#messages = new TokenBucket(messages, nowMs);
    this.#bytes = new TokenBucket(bytes, nowMs);
  }

  /** False, and nothing is taken, where it would be too much now. */
  takes(bytes: number, nowMs: number): boolean {
    if (this.#messages.left(nowMs) < 1 || this.#bytes.left(nowMs) < bytes) return false;
    this.#take(bytes);
    return true;
  }

  /** Takes it in any case; says for how long nothing more is to be taken then. */
  borrowMs(bytes: number, nowMs: number): number {
    this.#take(bytes);
    return this.debtMs(nowMs);
  }

  debtMs(nowMs: number): number {
    return Math.max(this.#messages.debtMs(nowMs), this.#bytes.debtMs(nowMs));
  }

  #take(bytes: number): void {
    this.#messages.take(1);
    this.#bytes.take(bytes);
  }
}

/** What a peer may publish, what it may be sent, and what it gets because it subscribes. */
interface Peer {
  published: Allowance;
  sent: Allowance;
  subscribed: Allowance;
}

/** Of every peer that was ever here, a few hundred bytes each: one that connects again has no more left than before. */
export class Allowances {
  readonly #peers = new Map<string, Peer>();

  of({ kind, name }: Principal, nowMs: number): Peer {
    const key = `${kind}/${name}`;
    const known = this.#peers.get(key);
    if (known) return known;
    const published = new Allowance(PUBLISHED[kind], nowMs);
    const sent = new Allowance(SENT, nowMs);
    const made = { published, sent, subscribed: new Allowance(SUBSCRIBED, nowMs) };
    this.#peers.set(key, made);
    return made;
  }
}
