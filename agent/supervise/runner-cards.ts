import { type ChildProcess, spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import type { Readable } from "node:stream";
import {
  CARD_FIELDS,
  cardQuery,
  parseCardLine,
  tellsFigures,
  withoutName,
} from "../../fleet/boards/index.ts";
import {
  type CardStats,
  type Cards,
  type CardTrouble,
  MAX_CARDS,
} from "../../fleet/contract/index.ts";

/** Waiting times, which tests make shorter. */
export interface CardPace {
  /** Between two readings that are told. */
  tellMs: number;
  /** A row older than this tells nothing of the card as it is. */
  freshMs: number;
  /** For the first row: a driver that nobody uses is loaded for it, card by card. */
  firstMs: number;
  /** For any further row. */
  nextMs: number;
  /** From one start of nvidia-smi to the next, where something is the matter. */
  retryMs: number;
}

const PACE: CardPace = {
  tellMs: 1000,
  freshMs: 5000,
  firstMs: 60_000,
  nextMs: 10_000,
  retryMs: 30_000,
};

/** Far more than a row has; the rest of a longer line is dropped. */
const LONGEST_LINE = 4000;

interface Row {
  card: CardStats;
  atMs: number;
  life: number;
}

/**
 * One long-lived nvidia-smi of a PC with cards: each start of it costs more than it measures, and where nobody else holds
 * the driver, loads that anew.
 *
 * INVARIANTS: there is one at most. One that hangs in the kernel cannot be ended, so the next waits for its end.
 */
export class CardWatch {
  readonly #tell: (cards: Cards) => void;
  readonly #pace: CardPace;
  readonly #rows = new Map<number, Row>();
  #fields: typeof CARD_FIELDS = CARD_FIELDS;
  #child: ChildProcess | null = null;
  /** Counts starts. */
  #life = 0;
  #startedMs = 0;
  #deadlineMs = 0;
  /** Of this life: what the driver said; a last line that is none of its sentences; a name that it does not know. */
  #said: CardTrouble | null = null;
  #other: string | null = null;
  #unknownName: string | null = null;
  /** Of the life before, until a row of this one comes. */
  #former: CardTrouble | null = null;
  #isKilled = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(tell: (cards: Cards) => void, pace: Partial<CardPace> = {}) {
    this.#tell = tell;
    this.#pace = { ...PACE, ...pace };
  }

  start(): void {
    this.#begin();
    this.#timer = setInterval(() => this.#tick(), this.#pace.tellMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#child?.kill("SIGKILL");
  }

  #begin(): void {
    this.#life += 1;
    this.#startedMs = performance.now();
    this.#deadlineMs = this.#startedMs + this.#pace.firstMs;
    this.#said = null;
    this.#other = null;
    this.#unknownName = null;
    this.#isKilled = false;
    try {
      const child = spawn("nvidia-smi", cardQuery(this.#fields), {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, LC_ALL: "C" },
      });
      this.#child = child;
      for (const stream of [child.stdout, child.stderr]) this.#readLines(stream);
      child.once("error", (error: NodeJS.ErrnoException) => {
        if (child.pid === undefined) this.#notStarted(error);
      });
      child.once("close", (code, signal) => this.#ended(code, signal));
    } catch (error) {
      this.#notStarted(error as NodeJS.ErrnoException);
    }
  }

  #readLines(stream: Readable): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
      for (const line of lines) this.#take(line.slice(0, LONGEST_LINE));
    });
    // A row that was cut off is no row; a sentence without its line's end is one.
    stream.on("end", () => {
      if (parseCardLine(rest, this.#fields)?.line !== "card") this.#take(rest);
    });
  }

  #take(line: string): void {
    const parsed = parseCardLine(line, this.#fields);
    switch (parsed?.line) {
      case "card":
        return this.#takeRow(parsed.card);
      case "unknown-field":
        this.#unknownName = parsed.name;
        return;
      case "trouble":
        this.#said ??= parsed.trouble;
        return;
      case "other":
        this.#other = parsed.says;
        return;
      case undefined:
        return;
    }
  }

  #takeRow(card: CardStats): void {
    if (!this.#rows.has(card.index) && this.#rows.size >= MAX_CARDS) return;
    const atMs = performance.now();
    this.#rows.set(card.index, { card, atMs, life: this.#life });
    this.#deadlineMs = atMs + this.#pace.nextMs;
    this.#former = null;
  }

  #notStarted(error: NodeJS.ErrnoException): void {
    this.#child = null;
    this.#former =
      error.code === "ENOENT"
        ? { kind: "no-tool", says: "nvidia-smi is not installed" }
        : {
            kind: "not-started",
            says: `nvidia-smi does not start: ${error.message}`.slice(0, 400),
          };
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#child?.pid === undefined) return; // it never was
    this.#child = null;
    const fields = this.#unknownName && withoutName(this.#fields, this.#unknownName);
    if (fields) {
      this.#fields = fields;
      if (this.#timer !== null) this.#begin();
      return;
    }
    if (this.#isKilled) return;
    const last = this.#unknownName === null ? this.#other : `it knows no ${this.#unknownName}`;
    const how = signal === null ? `ended with code ${code ?? "unknown"}` : `was ended by ${signal}`;
    const says = `nvidia-smi ${how}${last === null ? "" : `: ${last}`}`.slice(0, 400);
    this.#former = this.#said ?? { kind: "ended", says };
  }

  #tick(): void {
    const nowMs = performance.now();
    const trouble = this.#trouble(nowMs);
    const cards = this.#fresh(nowMs).map(({ card }) => card);
    this.#tell({ cards, trouble });
    const isDue = nowMs - this.#startedMs >= this.#pace.retryMs;
    if (this.#child === null) {
      if (isDue) this.#begin();
    } else if (nowMs > this.#deadlineMs || (trouble !== null && isDue && cards.length > 0)) {
      // Another one may say more: of a lost card, whether it is back.
      this.#former = trouble;
      this.#isKilled = true;
      this.#child.kill("SIGKILL");
    }
  }

  #fresh(nowMs: number): Row[] {
    const rows = [...this.#rows.values()].filter(({ atMs }) => nowMs - atMs < this.#pace.freshMs);
    return rows.sort((one, other) => one.card.index - other.card.index);
  }

  /** What is the matter, the driver's own words first. */
  #trouble(nowMs: number): CardTrouble | null {
    if (this.#said !== null) return this.#said;
    if (this.#child === null || this.#former !== null) return this.#former;
    const fresh = this.#fresh(nowMs);
    if (fresh.length > 0) return this.#lost(fresh);
    if (nowMs <= this.#deadlineMs) return null;
    const seconds = Math.round(
      (this.#rows.size > 0 ? this.#pace.nextMs : this.#pace.firstMs) / 1000,
    );
    return this.#other === null
      ? { kind: "hangs", says: `nvidia-smi says nothing for ${seconds} s` }
      : {
          kind: "unreadable",
          says: `nvidia-smi says what is no row: ${this.#other}`.slice(0, 400),
        };
  }

  #lost(fresh: readonly Row[]): CardTrouble | null {
    const faulty = fresh.find(({ card }) => card.fault !== null);
    if (faulty) return lost(faulty.card, faulty.card.fault ?? "");
    const dumb = fresh.find(({ card }) => !tellsFigures(card));
    if (dumb) return { kind: "unreadable", says: `${titleOf(dumb.card)} tells nothing of itself` };
    const gone = [...this.#rows.values()].find(
      (row) => row.life === this.#life && !fresh.includes(row),
    );
    return gone ? lost(gone.card, "no longer among the cards") : null;
  }
}

function lost(card: CardStats, words: string): CardTrouble {
  return { kind: "card-lost", says: `${titleOf(card)}: ${words}`.slice(0, 400) };
}

function titleOf({ index, name, busId }: CardStats): string {
  return `card ${index} (${name ?? "no name"}${busId === null ? "" : ` at ${busId}`})`;
}
