import { outward } from "../text/index.ts";
import { ERROR_CODES, type ErrorCode } from "./codes.ts";

export interface FleetErrorOptions {
  /** What helps: the command to run or the setting to change. Defaults to the hint of the code's row. */
  hint?: string;
  /** True when the same call may succeed later without any change by the user. Defaults to the code's row. */
  retryable?: boolean;
  /** Machine-readable facts for logs and `--json`. Never a secret. */
  context?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The one error type of jetfleet. The message says what was expected, what came, and while doing what. Message, hint
 * and the texts of the context are fit to leave (`outward`), whatever they were made of.
 */
export class FleetError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryable: boolean;
  readonly context: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: FleetErrorOptions = {}) {
    super(outward(message));
    // As `new Error(message, { cause })` does, which the ES2021 types of the agent do not know.
    if (options.cause !== undefined) {
      Object.defineProperty(this, "cause", { value: options.cause, configurable: true });
    }
    this.name = "FleetError";
    this.code = code;
    this.hint = outward(options.hint ?? ERROR_CODES[code].hint);
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.context = outwardTexts(options.context ?? {});
  }
}

export function isFleetError(error: unknown, code?: ErrorCode): error is FleetError {
  return error instanceof FleetError && (code === undefined || error.code === code);
}

/** The same failure in other words: what is not named stays, and so does its cause. The context is added to its own. */
export function reworded(
  error: FleetError,
  words: { message?: string; hint?: string; context?: Record<string, unknown> },
): FleetError {
  return new FleetError(error.code, words.message ?? error.message, {
    ...{ hint: words.hint ?? error.hint, retryable: error.retryable, cause: causeOf(error) },
    context: { ...error.context, ...words.context },
  });
}

/** The FleetError inside `error`, or an INTERNAL one that carries it as cause. */
export function asFleetError(error: unknown, doing: string): FleetError {
  if (error instanceof FleetError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FleetError("INTERNAL", `${message} (while ${doing})`, { cause: error });
}

/** An error as a person reads it: code, message, the causes below it, and the hint. */
export function describeError(error: unknown): string {
  const fleetError = error instanceof FleetError ? error : undefined;
  const lines = [
    fleetError
      ? `${fleetError.code}: ${fleetError.message}`
      : error instanceof Error
        ? error.message
        : String(error),
  ];
  for (const cause of causesOf(error)) {
    const line = cause instanceof Error ? cause.message : String(cause);
    if (!lines.some((said) => said.includes(line))) lines.push(`  caused by: ${line}`);
  }
  if (fleetError?.hint) lines.push(`  next: ${fleetError.hint}`);
  return outward(lines.join("\n"));
}

/** Texts that stand in the context itself; what lies deeper is for whoever puts it there. */
function outwardTexts(context: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(context);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === "string" ? outward(value) : value]),
  );
}

/** The chain of causes below an error, without it; ends at a ring. */
function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (
    let cause = causeOf(error);
    cause !== undefined && cause !== error && !chain.includes(cause);
    cause = causeOf(cause)
  ) {
    chain.push(cause);
  }
  return chain;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error as { cause?: unknown }).cause : undefined;
}
