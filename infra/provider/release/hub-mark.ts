import { z } from "zod";
import type { FleetContext } from "../fleet-context.ts";
import type { Properties } from "../rpc/values.ts";

/** Output of what a hub holds. */
export const HubMark = z.string().optional().meta({
  description:
    "Fingerprint of the CA of the hub that holds it: after a move to another hub it is not there yet.",
});

/** Goal of what the hub of today's configuration must hold; none where its credentials cannot be read. */
export function hubGoal(context: FleetContext): Properties {
  const hub = context.hubMark();
  return hub === null ? {} : { hub };
}
