import type { Presence } from "./reported.ts";

/** What people are told of another board with a device's identity. */
export function copyText({ address, ownAddress }: NonNullable<Presence["copy"]>): string {
  return `another board, at ${address}, bears its identity, too, and is kept out; the one at ${ownAddress} stays`;
}
