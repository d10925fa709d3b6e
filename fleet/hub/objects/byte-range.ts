/** Inclusive positions, as in HTTP. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * What a Range header asks of an object of `sizeBytes` (RFC 9110 §14): one part, "unsatisfiable", or null for the
 * whole object. A header that is malformed, of another unit or of several ranges is ignored, as the RFC allows.
 */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | "unsatisfiable" | null {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? "");
  if (!match) return null;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return null;
  if (from === "") return suffix(Number(to), sizeBytes);
  const first = Number(from);
  const last = to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== "" && Number(to) < first) return null;
  return first >= sizeBytes ? "unsatisfiable" : { first, last };
}

function suffix(length: number, sizeBytes: number): ByteRange | "unsatisfiable" {
  if (length === 0 || sizeBytes === 0) return "unsatisfiable";
  return { first: Math.max(0, sizeBytes - length), last: sizeBytes - 1 };
}

/** If-Range: the range counts only for the very same bytes (RFC 9110 §13.1.5; weak tags and dates never match). */
export function rangeStillFits(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag;
}

/** If-None-Match: true when the caller already has it. */
export function alreadyThere(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
