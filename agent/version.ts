/** Set by the bundler; absent when the sources run unbundled, as in tests. */
declare const AGENT_VERSION_AT_BUILD: string | undefined;

export const AGENT_VERSION =
  typeof AGENT_VERSION_AT_BUILD === "string" ? AGENT_VERSION_AT_BUILD : "0.0.0-unbundled";
