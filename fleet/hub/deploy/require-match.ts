import { FleetError } from "../../errors/index.ts";

/** Whoever changes something names it as it was read; a lost race is an error, never an overwriting. */
export function requireMatch(tag: string, ifMatch: string, what: string): void {
  if (tag === ifMatch) return;
  throw new FleetError(
    "HUB_CHANGED_MEANWHILE",
    `Expected ${what} as it was read but it was changed meanwhile`,
  );
}
