import type { Term } from "./peer-name.ts";

/** A certificate is renewed after this share of its term, give or take: late enough to be rare, early enough to fail. */
const SHARE = 2 / 3;
/** Spread over this share of the term, so that a thousand devices of one day do not return as one wave. */
const SPREAD = 0.1;

/** When to renew. The same for a certificate whenever it is asked, for it follows from the serial number. */
export function renewAtMs({ fromMs, untilMs }: Term, serial: string): number {
  const place = Number.parseInt(serial.slice(-4), 16) / 0xffff;
  return fromMs + (untilMs - fromMs) * (SHARE + SPREAD * ((Number.isNaN(place) ? 0 : place) - 0.5));
}
