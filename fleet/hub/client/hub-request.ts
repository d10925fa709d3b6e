import { setTimeout as delay } from "node:timers/promises";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../errors/index.ts";
import type { Connector } from "../../transfer/connector.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  NoAnswer,
  readBody,
} from "../../transfer/http/http-request.ts";
import { HttpProblem } from "../hub-info.ts";

/** Larger than anything that is retained; artifacts do not come this way. */
const MAX_ANSWER_BYTES = 16 << 20;

export interface HubRequest extends Omit<HttpRequest, "signal"> {
  /** What the caller is doing, for the error message: "… while reading /info". */
  doing: string;
  /** Cancels the request; its reason is not an error of the hub. */
  signal?: AbortSignal | undefined;
  /** Fires when the request has taken too long; counts as HUB_UNREACHABLE. */
  deadline: AbortSignal;
}

export interface HubAnswer {
  status: number;
  headers: HttpAnswer["headers"];
  bytes: Buffer;
}

export async function hubRequest(connector: Connector, request: HubRequest): Promise<HubAnswer> {
  const { doing, deadline, signal, ...rest } = request;
  try {
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const answer = await connector.http({ ...rest, signal: either });
    const bytes = await readBody(answer, MAX_ANSWER_BYTES);
    return { status: answer.statusCode ?? 0, headers: answer.headers, bytes };
  } catch (error) {
    if (signal?.aborted) throw cancelled(doing);
    if (error instanceof FleetError) throw during(error, doing);
    throw unreachable(request.url, doing, deadline.aborted ? "no answer in time" : reasonOf(error));
  }
}

/** Throws what the hub said when the status is none of `expected`. */
export function expectStatus(answer: HubAnswer, expected: readonly number[], doing: string): void {
  if (expected.includes(answer.status)) return;
  const problem = HttpProblem.safeParse(jsonOf(answer));
  const said = problem.success
    ? problem.data.message
    : `Expected success but the hub answered with status ${answer.status}`;
  const code =
    problem.success && isErrorCode(problem.data.code) ? problem.data.code : fallbackCode(answer);
  throw new FleetError(code, `${said} (while ${doing})`, { context: { status: answer.status } });
}

/** Null for what is no JSON. */
export function jsonOf({ bytes }: HubAnswer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
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

export function reasonOf(error: unknown): string {
  if (error instanceof NoAnswer) return error.message;
  const cause = error instanceof Error ? error.cause : undefined;
  const inner = cause instanceof AggregateError ? (cause.errors as unknown[])[0] : cause;
  if (inner instanceof Error && inner.message) return inner.message;
  return error instanceof Error ? error.message : String(error);
}

function during(error: FleetError, doing: string): FleetError {
  const { code, hint, retryable, context } = error;
  const message = `${error.message} (while ${doing})`;
  return new FleetError(code, message, { hint, retryable, context, cause: error });
}

function fallbackCode({ status }: HubAnswer): ErrorCode {
  return status >= 500 ? "HUB_UNREACHABLE" : "HUB_REFUSED";
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
