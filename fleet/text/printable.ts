/**
 * Characters that act on a terminal or turn its text round instead of being seen: C0 and C1 but for tab and line
 * feed, delete, and the marks, embeddings, overrides and isolates of bidirectional text (UAX #9 §2).
 */
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text as it may be printed: characters that act instead of being seen are shown as U+FFFD. CRLF becomes LF. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(UNSEEN, "\ufffd");
}
