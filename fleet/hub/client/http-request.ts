import { setTimeout as delay } from "node:timers/promises";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../errors/index.ts";
import { type Credentials, HttpProblem } from "../hub-info.ts";

export interface RequestOptions {
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** What the caller is doing, for the error message: "… while reading /info". */
  doing: string;
  credentials?: Credentials;
  body?: string | AsyncIterable<Uint8Array>;
  headers?: Record<string, string>;
  /** Cancels the request; its reason is not an error of the hub. */
  signal?: AbortSignal | undefined;
  /** Fires when the request has taken too long; counts as HUB_UNREACHABLE. */
  deadline: AbortSignal;
}

export async function hubRequest(url: string, options: RequestOptions): Promise<Response> {
  const { method, body, deadline, signal } = options;
  const headers = { ...options.headers, ...authorization(options.credentials) };
  try {
    const init: RequestInit = {
      method,
      headers,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      ...(body === undefined ? {} : { body, duplex: "half" }),
    };
    return await fetch(url, init);
  } catch (error) {
    if (signal?.aborted) throw cancelled(options.doing);
    throw unreachable(url, options.doing, deadline.aborted ? "no answer in time" : reasonOf(error));
  }
}

/** Throws what the hub said when the status is none of `expected`. */
export async function expectStatus(
  response: Response,
  expected: readonly number[],
  doing: string,
): Promise<void> {
  if (expected.includes(response.status)) return;
  const parsed = HttpProblem.safeParse(await response.json().catch(() => null));
  const said = parsed.success ? parsed.data.message : describeStatus(response.status);
  const code =
    parsed.success && isErrorCode(parsed.data.code) ? parsed.data.code : fallbackCode(response);
  throw new FleetError(code, `${said} (while ${doing})`, { context: { status: response.status } });
}

const RETRY_DELAYS_MS = [250, 1000];

/** Tries again what failed for a reason that may pass, as a connection lost. */
export async function withRetries<Result>(
  attempt: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const wait = RETRY_DELAYS_MS[tries];
      if (
        wait === undefined ||
        !(error instanceof FleetError) ||
        error.code !== "HUB_UNREACHABLE"
      ) {
        throw error;
      }
      await delay(wait, undefined, signal ? { signal } : {}).catch(() => {
        throw cancelled("waiting for the hub");
      });
    }
  }
}

export function unreachable(url: string, doing: string, reason: string): FleetError {
  return new FleetError(
    "HUB_UNREACHABLE",
    `Expected the hub at ${url} to answer but got: ${reason} (while ${doing})`,
    { context: { url } },
  );
}

export function cancelled(doing: string): FleetError {
  return new FleetError("CANCELLED", `Cancelled while ${doing}`);
}

/** fetch hides the interesting part ("connect ECONNREFUSED …") in the cause. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const inner = cause instanceof AggregateError ? (cause.errors as unknown[])[0] : cause;
  if (inner instanceof Error && inner.message) return inner.message;
  return error instanceof Error ? error.message : String(error);
}

function authorization(credentials: Credentials | undefined): Record<string, string> {
  if (!credentials) return {};
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}

/** For answers without a body, as those to HEAD. */
function describeStatus(status: number): string {
  return status === 401
    ? "Expected the hub to accept the user name and password but it refused"
    : `Expected success but the hub answered with status ${status}`;
}

function fallbackCode(response: Response): ErrorCode {
  return response.status >= 500 ? "HUB_UNREACHABLE" : "HUB_REFUSED";
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
