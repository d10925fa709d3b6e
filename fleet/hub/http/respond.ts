import type { ServerResponse } from "node:http";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../errors/index.ts";
import { isErrno } from "../../transfer/files/durable-file.ts";
import type { HttpProblem } from "../hub-info.ts";
import type { Log } from "../log.ts";

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}

export function sendProblem(
  response: ServerResponse,
  status: number,
  code: ErrorCode,
  message: string,
): void {
  const problem: HttpProblem = { code, message, hint: ERROR_CODES[code].hint };
  if (status === 401) response.setHeader("www-authenticate", 'Basic realm="jetfleet"');
  sendJson(response, status, problem);
}

/** Turns what a route threw into an answer. Only our own faults are logged. */
export function sendError(response: ServerResponse, error: unknown, log: Log): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (error instanceof FleetError) {
    sendProblem(response, statusOf(error.code), error.code, error.message);
  } else if (isErrno(error, "ENOSPC")) {
    sendProblem(
      response,
      507,
      "HUB_DISK_FULL",
      "Expected room for the object but the disk is full",
    );
  } else {
    log("request failed", { reason: error instanceof Error ? error.message : String(error) });
    sendProblem(response, 500, "INTERNAL", "The hub failed while answering; see its log");
  }
}

function statusOf(code: ErrorCode): number {
  if (code === "ARTIFACT_DIGEST") return 422;
  if (code === "ARTIFACT_MISSING") return 404;
  if (code === "HUB_REFUSED") return 403;
  return code === "INTERNAL" ? 500 : 400;
}
