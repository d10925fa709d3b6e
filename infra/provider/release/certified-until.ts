import { ONLINE_KEY_NEAR_END_MS, type Roles } from "../../../fleet/release/index.ts";
import type { PropertyDiff } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import type { Operation } from "../rpc/operation.ts";
import type { Properties } from "../rpc/values.ts";

/** Output of a pipeline: until when the hub may compose what its device runs, ISO 8601. */
const OUTPUT = "certifiedUntil";

/** The output by the roles in force. Says so once where they end soon, as only somebody else can renew them. */
export function certifiedUntil(
  context: FleetContext,
  operation: Operation,
  { online: { notAfterMs } }: Roles,
): Properties {
  const until = new Date(notAfterMs).toISOString();
  if (isNearEnd(notAfterMs) && !context.warnedOfEnd) {
    context.warnedOfEnd = true;
    const what = "the hub's certificate, without which devices take nothing new,";
    operation.log("warning", `${what} ends at ${until}: run \`up\` where the root key is`);
  }
  return { [OUTPUT]: until };
}

/**
 * An `up` that changes nothing else calls no operation, so that the certificate nears its end must be a change of
 * its own. It is one of the whole fleet; whichever pipeline comes first renews it for all.
 */
export function endingSoon(state: Properties): PropertyDiff[] {
  const said = state[OUTPUT];
  const until = typeof said === "string" ? Date.parse(said) : Number.NaN;
  if (Number.isNaN(until)) return [{ path: OUTPUT, kind: "add", replace: false, inputDiff: false }];
  if (!isNearEnd(until)) return [];
  return [{ path: OUTPUT, kind: "update", replace: false, inputDiff: false }];
}

function isNearEnd(untilMs: number): boolean {
  return untilMs - Date.now() < ONLINE_KEY_NEAR_END_MS;
}
