import type { JournalHead } from "../../fleet/contract/index.ts";
import type { Finding, Verdict } from "../../fleet/journal/index.ts";
import type { Palette } from "./colour.ts";
import { dateTime } from "./event-text.ts";
import { formatCount } from "./format.ts";

/** The copy of one device's journal, checked. */
export interface CheckedJournal extends Verdict {
  device: string;
  /** unproven: nothing is wrong with what is there, but there is nothing to hold its end against. */
  state: "whole" | "broken" | "unproven";
  head: { atMs: number; journal: JournalHead } | null;
  /** Of the key that signed the head: the device's own. Null when none did. */
  keyId: string | null;
  /** Let go by the hub's bound. */
  droppedByHub: number;
}

export function journalLines(checked: readonly CheckedJournal[], palette: Palette): string[] {
  if (checked.length === 0) return ["The hub knows no device yet."];
  return checked.flatMap((journal) => {
    const { device, state, findings } = journal;
    const paint = { whole: palette.strong, broken: palette.bad, unproven: palette.warn }[state];
    return [
      `${device}: ${paint(state)}, ${extent(journal)}`,
      ...findings.map((finding) => `  ${wordsOf(finding)}`),
      ...(journal.droppedByHub > 0
        ? [`  bound: the hub has let ${formatCount(journal.droppedByHub)} older events go`]
        : []),
    ];
  });
}

function extent({ chains, events, head, keyId, duplicates }: CheckedJournal): string {
  if (events === 0) return "no event is here";
  const parts = chains.map(
    ({ chain, firstSeq, lastSeq }) => `${nameOf(chain)} from ${firstSeq} to ${lastSeq}`,
  );
  const twice = duplicates > 0 ? `, ${formatCount(duplicates)} of them twice` : "";
  const end = head ? `; the device's head is ${head.journal.seq}, ${wordOf(head, keyId)}` : "";
  return `${formatCount(events)} events${twice} of ${parts.join(", ")}${end}`;
}

function wordOf({ atMs, journal }: { atMs: number; journal: JournalHead }, keyId: string | null) {
  if (keyId === null || !journal.signed) return `reported ${dateTime(atMs)} by its clock`;
  return `signed ${dateTime(journal.signed.atMs)} by its clock with its key ${keyId}`;
}

function wordsOf(finding: Finding): string {
  const { kind } = finding;
  if (kind === "forged-head")
    return `forged: the head that is shown is not the device's: ${finding.why}`;
  if (kind === "unsigned-head") return "unsigned: the head that is shown bears no signature";
  if (kind === "no-head") return "no head: the device does not report where its chain ends";
  const where = `of ${nameOf(finding.chain)}`;
  switch (kind) {
    case "removed":
      return `removed: ${numbers(finding)} missing from ${nameOf(finding.chain)}, and the device declares no gap`;
    case "altered":
      return `altered: event ${finding.seq} ${where} is not what ${finding.by} says`;
    case "reordered":
      return `reordered: event ${finding.seq} ${where} stands behind ${finding.behindSeq}`;
    case "forked":
      return `forked: another event ${finding.seq} ${where} is here as well`;
    case "absent":
      return `absent: ${finding.count} events ${where} were acknowledged, and none is here`;
    case "gap":
      return `gap: ${numbers(finding)} not here: dropped on the device, which says so`;
    case "restarted":
      return `restarted: ${nameOf(finding.chain)} begins; ${REASONS[finding.reason]}`;
    case "begins":
      return `begins: what is up to event ${finding.seq} ${where} ${BEGINS[finding.reason]}`;
    case "behind":
      return `behind: ${finding.count} events ${where} are still on the device`;
  }
}

const REASONS = {
  new: "the device was new, or provisioned anew",
  lost: "the device could not read its former journal",
  upgraded: "an older agent's chain had no name",
  unknown: "its first event, which says why, is not here",
};

const BEGINS = {
  unseen: "never came to this history",
  bound: "was let go by the hub, and is not covered",
};

function numbers({
  firstSeq,
  lastSeq,
  count,
}: {
  firstSeq: number;
  lastSeq: number;
  count: number;
}) {
  if (count === 1 && firstSeq === lastSeq) return `event ${firstSeq} is`;
  return `${formatCount(count)} events between ${firstSeq} and ${lastSeq} are`;
}

function nameOf(chain: string | null): string {
  return chain === null ? "the nameless chain" : `chain ${chain.slice(0, 8)}`;
}
