import { FleetError } from "../../../fleet/errors/index.ts";

/** The FleetError that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<FleetError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FleetError)) throw new Error(`no FleetError: ${String(error)}`);
  return error;
}
