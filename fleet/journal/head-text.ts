import type { JournalHead } from "../contract/index.ts";

/** What a device signs of the end of its chain; whose chain it is, the certificate of the signature says. */
export function headText(head: Omit<JournalHead, "signed">, atMs: number): string {
  const { chain, seq, hash, settledSeq, dropped = [] } = head;
  const ranges = dropped.map((one) => [one.firstSeq, one.lastSeq, one.count, one.previous]);
  return JSON.stringify([chain, seq, hash, settledSeq, ranges, atMs]);
}

/** How much the head that a device is said to report counts. */
export type HeadWord =
  /** The device signed it, with the key of this id. */
  | { kind: "signed"; keyId: string }
  /** Nobody signed it, as with an older agent: whoever keeps the copy may have written it. */
  | { kind: "unsigned" }
  /** It bears a signature that is not the device's. */
  | { kind: "forged"; why: string };
