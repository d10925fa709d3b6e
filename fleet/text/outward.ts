import { printable } from "./printable.ts";
import { redact } from "./redact.ts";

/** A text fit to leave: for screens, journals, telemetry and state. */
export function outward(text: string): string {
  return printable(redact(text));
}
