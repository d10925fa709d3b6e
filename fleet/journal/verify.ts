import type { DroppedRange, JournalHead } from "../contract/index.ts";
import type { Anchor } from "./chain.ts";
import { lengthOf, type Missing, overlap, type SeqRange, undeclared } from "./dropped.ts";
import type { HeadWord } from "./head-text.ts";
import { type Link, readEvent } from "./link.ts";

/** One event of a copy: its exact text, and the number under which the copy keeps it. */
export interface Entry {
  chain: string | null;
  seq: number;
  text: string;
}

/** What was found in a copy. The first six break it; the others are told. */
export type Finding =
  | ({ kind: "removed"; chain: string | null } & Missing)
  /** The text of `seq` is not what `by` says it was. */
  | { kind: "altered"; chain: string | null; seq: number; by: string }
  | { kind: "reordered"; chain: string | null; seq: number; behindSeq: number }
  | { kind: "forked"; chain: string | null; seq: number }
  /** The device's own head is of a chain of which nothing is here, though it was acknowledged. */
  | { kind: "absent"; chain: string | null; count: number }
  /** What is said to be the device's own head is not. */
  | { kind: "forged-head"; why: string }
  | { kind: "gap"; chain: string | null; firstSeq: number; lastSeq: number; count: number }
  | { kind: "restarted"; chain: string | null; reason: "new" | "lost" | "upgraded" | "unknown" }
  /** The copy begins behind event `seq`. */
  | { kind: "begins"; chain: string | null; seq: number; reason: "unseen" | "bound" }
  /** On the device, on their way. */
  | { kind: "behind"; chain: string | null; count: number }
  /** The device has not said where its chain ends. */
  | { kind: "no-head" }
  /** The head bears no signature. */
  | { kind: "unsigned-head" };

const BREAKS: ReadonlySet<Finding["kind"]> = new Set([
  "removed",
  "altered",
  "reordered",
  "forked",
  "absent",
  "forged-head",
]);

export interface Verdict {
  whole: boolean;
  events: number;
  /** The same text twice: harmless, and counted. */
  duplicates: number;
  chains: { chain: string | null; firstSeq: number; lastSeq: number; events: number }[];
  findings: Finding[];
}

interface Chain {
  anchor: Anchor | null;
  links: Map<number, Link | null>;
  lastSeq: number;
  declared: DroppedRange[];
  started: Link["started"];
}

/** Checks a copy of a device's events, in the order in which it keeps them. */
export class JournalVerifier {
  readonly #chains = new Map<string | null, Chain>();
  readonly #findings: Finding[] = [];
  #events = 0;
  #duplicates = 0;

  /** `anchors`: where the copy says that its chains begin. */
  constructor(anchors: readonly { chain: string | null; anchor: Anchor }[] = []) {
    for (const { chain, anchor } of anchors) this.#chain(chain).anchor = anchor;
  }

  add(entry: Entry): void {
    const link = readEvent(entry.text)?.link ?? null;
    const { chain, seq } = link ?? entry;
    const into = this.#chain(chain);
    this.#events += 1;
    const known = into.links.get(seq);
    if (link && known?.hash === link.hash) {
      this.#duplicates += 1;
      return;
    }
    if (into.links.has(seq)) this.#findings.push({ kind: "forked", chain, seq });
    else if (seq < into.lastSeq) {
      this.#findings.push({ kind: "reordered", chain, seq, behindSeq: into.lastSeq });
    }
    if (!into.links.has(seq)) into.links.set(seq, link);
    into.lastSeq = Math.max(into.lastSeq, seq);
    into.declared.push(...(link?.dropped ?? []));
    into.started ??= link?.started ?? null;
  }

  /** `reported` is what the device is said to report, and how much that counts; null when it never did. */
  finish(reported: { head: JournalHead; word: HeadWord } | null): Verdict {
    const word = reported?.word;
    if (word?.kind === "forged") this.#findings.push({ kind: "forged-head", why: word.why });
    if (word?.kind === "unsigned") this.#findings.push({ kind: "unsigned-head" });
    // A forged head says nothing of the device: what it calls dropped is not excused.
    const head = word?.kind === "forged" ? null : (reported?.head ?? null);
    if (head) this.#chain(head.chain).declared.push(...(head.dropped ?? []));
    let before = false;
    for (const [chain, one] of this.#chains) {
      if (one.links.size === 0) continue;
      if (before) {
        this.#findings.push({ kind: "restarted", chain, reason: one.started ?? "unknown" });
      }
      before = true;
      this.#findings.push(...numbersOf(chain, one), ...textsOf(chain, one));
    }
    if (word?.kind !== "forged") this.#findings.push(...this.#endOf(head));
    return {
      whole: !this.#findings.some(({ kind }) => BREAKS.has(kind)),
      events: this.#events,
      duplicates: this.#duplicates,
      chains: [...this.#chains].flatMap(([chain, { links, lastSeq }]) =>
        links.size === 0
          ? []
          : [{ chain, firstSeq: Math.min(...links.keys()), lastSeq, events: links.size }],
      ),
      findings: this.#findings,
    };
  }

  #endOf(head: JournalHead | null): Finding[] {
    if (head === null) return [{ kind: "no-head" }];
    const { chain, seq, hash, settledSeq } = head;
    if (seq === 0) return [];
    const copy = this.#chains.get(chain);
    if (!copy || copy.links.size === 0) {
      return settledSeq > 0
        ? [{ kind: "absent", chain, count: settledSeq }]
        : [{ kind: "behind", chain, count: seq }];
    }
    const link = copy.links.get(seq);
    if (link && link.hash !== hash) {
      return [{ kind: "altered", chain, seq, by: "the device's own head" }];
    }
    // Acknowledged, so it should be here, unless the device dropped it and says so in what is still on its way.
    const tail = { firstSeq: copy.lastSeq + 1, lastSeq: settledSeq };
    const lost = tail.firstSeq <= tail.lastSeq ? undeclared([tail], copy.declared) : [];
    const onTheWay = seq - Math.max(copy.lastSeq, settledSeq);
    return [
      ...lost.map((missing): Finding => ({ kind: "removed", chain, ...missing })),
      ...(onTheWay > 0 ? [{ kind: "behind", chain, count: onTheWay } as const] : []),
    ];
  }

  #chain(chain: string | null): Chain {
    const known = this.#chains.get(chain);
    if (known) return known;
    const made: Chain = {
      anchor: null,
      links: new Map(),
      lastSeq: 0,
      declared: [],
      started: null,
    };
    this.#chains.set(chain, made);
    return made;
  }
}

/** Which numbers are missing, and whether the device says so. */
function numbersOf(chain: string | null, { anchor, links, lastSeq, declared }: Chain): Finding[] {
  const begins = anchor?.seq ?? 0;
  const missing = holes(links, begins, lastSeq);
  const removed = undeclared(missing, declared);
  const gaps = declared.flatMap((range): Finding[] => {
    const { firstSeq, lastSeq } = range;
    const count = Math.min(
      range.count,
      missing.reduce((sum, one) => sum + overlap(one, range), 0),
    );
    return count > 0 ? [{ kind: "gap", chain, firstSeq, lastSeq, count }] : [];
  });
  const late: Finding[] =
    anchor && anchor.reason !== "start"
      ? [{ kind: "begins", chain, seq: begins, reason: anchor.reason }]
      : [];
  return [
    ...late,
    ...uniqueGaps(gaps),
    ...removed.map((one): Finding => ({ kind: "removed", chain, ...one })),
  ];
}

/** A range may be declared again and again until one declaration arrives. */
function uniqueGaps(gaps: readonly Finding[]): Finding[] {
  return [...new Map(gaps.map((gap) => [JSON.stringify(gap), gap])).values()];
}

function holes(links: ReadonlyMap<number, unknown>, begins: number, lastSeq: number): SeqRange[] {
  const found: SeqRange[] = [];
  let expected = begins + 1;
  for (const seq of [...links.keys()].sort((a, b) => a - b)) {
    if (seq > expected) found.push({ firstSeq: expected, lastSeq: seq - 1 });
    expected = Math.max(expected, seq + 1);
  }
  return found.filter((range) => lengthOf(range) > 0 && range.lastSeq < lastSeq);
}

/** Whether each text is the one that its successor, or a declared gap, names. */
function textsOf(chain: string | null, { anchor, links, declared }: Chain): Finding[] {
  const found: Finding[] = [];
  for (const [seq, link] of links) {
    if (link === null) {
      found.push({ kind: "altered", chain, seq, by: "the contract: it is no event" });
      continue;
    }
    const before = seq - 1 === (anchor?.seq ?? 0) ? anchor : links.get(seq - 1);
    if (before === null && seq === 1 && link.previous !== null) {
      found.push({ kind: "altered", chain, seq, by: "its number: the first follows nothing" });
    }
    if (before && before.hash !== link.previous) {
      found.push({ kind: "altered", chain, seq: seq - 1, by: `event ${seq}` });
    }
  }
  for (const { firstSeq, previous } of declared) {
    const before = links.get(firstSeq - 1);
    if (before && before.hash !== previous) {
      const by = `the gap declared after it`;
      found.push({ kind: "altered", chain, seq: firstSeq - 1, by });
    }
  }
  return found;
}
