/**
 * The set-up's error: same shape and codes as FleetError, in plain JavaScript because set-up runs
 * before TypeScript can. test/house holds its codes against fleet/errors/codes.ts.
 */
export class SetupError extends Error {
  /**
   * @param {"SETUP_MISSING" | "SETUP_FAILED" | "USAGE" | "CANCELLED"} code
   * @param {string} message expected, got, while doing what
   * @param {string} hint the command or setting that helps
   */
  constructor(code, message, hint) {
    super(message);
    this.name = "SetupError";
    this.code = code;
    this.hint = hint;
  }
}

/** @param {unknown} error */
export function describeError(error) {
  if (error instanceof SetupError) return `${error.code}: ${error.message}\n  next: ${error.hint}`;
  return `INTERNAL: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/**
 * Prints an error the way every jetfleet command does and sets the exit code (130 after Ctrl-C).
 * @param {unknown} error
 */
export function reportAndExitCode(error) {
  console.error(describeError(error));
  process.exitCode = error instanceof SetupError && error.code === "CANCELLED" ? 130 : 1;
}
