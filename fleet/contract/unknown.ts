/**
 * How much of a message its reader does not know: keys that the schema dropped, and words that it heard as `unknown`.
 * `sent` is the message as it came, `known` what the schema made of it. 0: all is understood.
 */
export function countUnknown(sent: unknown, known: unknown): number {
  if (Array.isArray(sent) && Array.isArray(known)) {
    return sum(sent.map((part, at) => countUnknown(part, known[at])));
  }
  if (isRecord(sent) && isRecord(known)) {
    return sum(
      Object.entries(sent).map(([key, part]) =>
        Object.prototype.hasOwnProperty.call(known, key) ? countUnknown(part, known[key]) : 1,
      ),
    );
  }
  return known === "unknown" && sent !== known ? 1 : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
