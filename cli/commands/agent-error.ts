import { ERROR_CODES, type ErrorCode, FleetError } from "../../fleet/errors/index.ts";

/** What an agent says went wrong, as an error of ours; a code that this version does not know becomes INTERNAL. */
export function errorOfAgent(said: {
  code: string;
  message: string;
  hint?: string | undefined;
}): FleetError {
  const { code, message, hint } = said;
  const known = code in ERROR_CODES ? (code as ErrorCode) : "INTERNAL";
  return new FleetError(known, message, hint === undefined ? {} : { hint });
}
