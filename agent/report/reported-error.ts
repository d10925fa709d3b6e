import type { ReportedError } from "../../fleet/contract/index.ts";
import { asFleetError } from "../../fleet/errors/index.ts";
import { redact } from "./log.ts";

/** An error in the form in which it leaves the device: bounded, without credentials in URIs. */
export function toReportedError(error: unknown, doing: string, atMs = Date.now()): ReportedError {
  const { code, message, hint } = asFleetError(error, doing);
  return {
    code,
    message: redact(message).slice(0, 2000),
    hint: redact(hint).slice(0, 500),
    atMs,
  };
}
