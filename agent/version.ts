/** Set by the bundler; absent when the sources run unbundled, as in tests. */
declare const AGENT_VERSION_AT_BUILD: string | undefined;

export const AGENT_VERSION =
  typeof AGENT_VERSION_AT_BUILD === "string" ? AGENT_VERSION_AT_BUILD : "0.0.0-unbundled";

/**
 * It is later than this: the day these sources were written. Raised by hand, because equal sources have to give equal
 * bytes. A board without a battery begins at 1970 and must not take a document for valid that ended long ago.
 */
export const BUILT_AT_MS = Date.UTC(2026, 10, 26);
