import { FleetError } from "../../fleet/errors/index.ts";
import { UnreachablePolicy } from "../../fleet/spec/index.ts";
import type { FleetContext } from "./fleet-context.ts";
import { type Value, valueAt } from "./rpc/values.ts";

/** The word of the device itself, else that of the provider. */
export function unreachablePolicy(
  { config }: FleetContext,
  device: Value | undefined,
): UnreachablePolicy {
  const said = valueAt(device, ["onUnreachable"]);
  return UnreachablePolicy.safeParse(said).data ?? config.onUnreachable;
}

/** True for a board that does not answer, or no longer; not for one that refuses. */
export function isUnreachable(error: unknown): error is FleetError {
  return (
    error instanceof FleetError &&
    (error.code === "SSH_UNREACHABLE" || error.code === "SSH_TIMEOUT")
  );
}

/** How to get past a device that cannot be reached when it is to be deleted. */
export const FORGET_HINT =
  "Bring it back, or forget it: `pulumi config set jetfleet:onUnreachable forget`, then the same command again; where " +
  "a Device or its Provider sets onUnreachable itself, set it there and run `up` first. Else `pulumi state delete`.";
