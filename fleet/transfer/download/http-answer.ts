import type { IncomingMessage } from "node:http";
import { FleetError } from "../../errors/index.ts";
import { originOf } from "../http/http-request.ts";

type Head = Pick<IncomingMessage, "statusCode" | "headers">;

/**
 * What a status that brings no bytes means, or null for one that does. The hub has proven itself by its certificate, so
 * its refusal is its own; any other origin's may be that of a portal in between, and passes. Redirects are not followed:
 * no set names where else an object may lie.
 */
export function statusError(
  { statusCode, headers }: Head,
  digest: string,
  isHub: boolean,
): FleetError | null {
  const status = statusCode ?? 0;
  if (status === 200 || status === 206 || status === 416) return null;
  if (isHub && (status === 401 || status === 403)) {
    return new FleetError("HUB_REFUSED", `The hub refused ${digest} (HTTP ${status})`, {
      hint: "Run `up` again: it gives the device a certificate.",
    });
  }
  if (status === 404) return new FleetError("ARTIFACT_MISSING", `The hub does not hold ${digest}`);
  const retryable = !isHub || status >= 500 || status === 429 || status === 408;
  const retryAfterMs = retryAfter(headers["retry-after"]);
  return new FleetError(
    "ARTIFACT_FETCH",
    `Expected ${digest} but ${isHub ? "the hub" : "the store"} answered HTTP ${status}${redirectText(status, headers.location)}`,
    { retryable, context: retryAfterMs === null ? {} : { retryAfterMs } },
  );
}

function redirectText(status: number, location = ""): string {
  if (status < 300 || status >= 400) return "";
  return `, a redirect${originText(location)} that nothing signed names`;
}

/** Of a place that a stranger names. */
function originText(location: string): string {
  try {
    return ` to ${originOf(location)}`;
  } catch {
    return "";
  }
}

/**
 * Where in the object the body begins, or "restart" when it cannot be joined to the `held` bytes.
 * Throws ARTIFACT_DIGEST when the head already says another size than the signed one.
 */
export function bodyStart(head: Head, held: number, sizeBytes: number): number | "restart" {
  const { statusCode, headers } = head;
  if (statusCode === 416) {
    if (held > 0) return "restart";
    throw new FleetError("ARTIFACT_FETCH", "The hub refuses every range of the object");
  }
  if (statusCode === 200) {
    requireSize(headers["content-length"], sizeBytes);
    return 0;
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
  if (range === null) return held > 0 ? "restart" : 0;
  if (range[2] !== "*") requireSize(range[2], sizeBytes);
  if (Number(range[1]) === held) return held;
  if (held > 0) return "restart";
  throw new FleetError(
    "ARTIFACT_FETCH",
    `Expected a body from byte 0 but got one from ${range[1]}`,
  );
}

function requireSize(stated: string | undefined, sizeBytes: number): void {
  if (stated === undefined || Number(stated) === sizeBytes) return;
  throw new FleetError(
    "ARTIFACT_DIGEST",
    `Expected an object of ${sizeBytes} bytes but the server offers ${stated}`,
  );
}

export function contentError(
  what: string,
  { sizeBytes, digest }: { sizeBytes: number; digest: string },
  cause?: unknown,
): FleetError {
  const message = `Expected ${sizeBytes} bytes of ${digest} but the answer ${what}`;
  return new FleetError("ARTIFACT_FETCH", message, { cause });
}

/** Seconds form only; a date would trust the clock of the board. Bounded to a minute. */
function retryAfter(value: string | undefined): number | null {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), 60) * 1000 : null;
}
