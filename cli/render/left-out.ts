import type { FleetView } from "../../fleet/view/index.ts";
import { formatCount } from "./format.ts";

/** What of the devices' telemetry is not shown, in words; null when all is. */
export function leftOutText({
  invalidMessages,
  unknownValues,
}: Pick<FleetView["hub"], "invalidMessages" | "unknownValues">): string | null {
  const parts = [
    ...(invalidMessages > 0
      ? [`${formatCount(invalidMessages)} unreadable messages left out`]
      : []),
    ...(unknownValues > 0
      ? [`${formatCount(unknownValues)} values of newer agents not known to this version`]
      : []),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}
