/** What a device knows about the time. */
export interface Clock {
  /** The system's clock, which may be anything: boards without a battery begin at 1970. */
  systemMs: number;
  /** When the agent was built: it is later than that. */
  builtAtMs: number;
}

/** No agent is used for longer than this after the last signed document it saw. */
const PLAUSIBLE_MS = 10 * 365 * 24 * 3_600_000;

/**
 * The time for judging expiry: the system's where it can be right, else the latest that is surely over. So a clock at
 * 1970 lets nothing pass that expired before the last signed document, and one at 2099 does not lock a device out.
 */
export function trustedNow({ systemMs, builtAtMs }: Clock, signedAtMs: number): number {
  const floor = Math.max(builtAtMs, signedAtMs);
  return systemMs > floor && systemMs <= floor + PLAUSIBLE_MS ? systemMs : floor;
}
