import type { ReportedError } from "../../fleet/contract/index.ts";
import { asFleetError } from "../../fleet/errors/index.ts";

/** An error in the form in which it leaves the device: bounded; FleetError has made its texts fit to leave. */
export function toReportedError(error: unknown, doing: string, atMs = Date.now()): ReportedError {
  const { code, message, hint } = asFleetError(error, doing);
  return {
    code,
    message: message.slice(0, 2000),
    hint: hint.slice(0, 500),
    atMs,
  };
}
