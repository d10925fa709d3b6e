import type { EnginePrune, Reported } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { MAX_JUMP } from "../../release/index.ts";
import type { Selection } from "./selection.ts";

/**
 * An order to remove engines with these keys, numbered above the one before and above what the device followed last, as
 * when this hub lost its own; what a device claims counts only where it is not far above. Throws AGENT_OUTDATED.
 */
export function prunesEngines(
  selection: Selection,
  keys: string[],
  device: string,
  reported: Reported | null,
): Selection & { prune: EnginePrune } {
  if (reported?.pruned === undefined) {
    const got = reported === null ? "one that never reported" : `version ${reported.agentVersion}`;
    const message = `Expected an agent of ${device} that removes engines on demand but got ${got}`;
    throw new FleetError("AGENT_OUTDATED", message);
  }
  const last = selection.prune?.number ?? 0;
  const followed = reported.pruned?.number ?? 0;
  const above = followed - last <= MAX_JUMP ? followed : 0;
  return { ...selection, prune: { number: Math.max(last, above) + 1, keys } };
}
