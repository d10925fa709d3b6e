import type { FastifyReply, FastifyRequest } from "fastify";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../errors/index.ts";
import { diskErrorIn } from "../../transfer/files/disk-error.ts";
import type { HttpProblem } from "../hub-info.ts";
import type { Log } from "../log.ts";

export async function sendProblem(
  reply: FastifyReply,
  status: number,
  code: ErrorCode,
  message: string,
): Promise<void> {
  const problem: HttpProblem = { code, message, hint: ERROR_CODES[code].hint };
  await reply.code(status).header("cache-control", "no-store").send(problem);
}

/** Turns what a route threw into an answer. Only our own faults are logged. */
export async function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): Promise<void> {
  // The rest of a refused upload is not worth reading.
  if (!request.raw.complete) reply.header("connection", "close");
  const fault = diskErrorIn(error, "what was asked for", "HUB");
  if (fault !== null) {
    // The message may name a path of this machine: the log has it.
    log("request failed", { reason: fault.message });
    await sendProblem(reply, 507, fault.code, ERROR_CODES[fault.code].when);
  } else if (error instanceof FleetError) {
    await sendProblem(reply, statusOf(error.code), error.code, error.message);
  } else if (isClientError(error)) {
    await sendProblem(reply, error.statusCode, "USAGE", error.message);
  } else {
    log("request failed", { reason: error instanceof Error ? error.message : String(error) });
    await sendProblem(reply, 500, "INTERNAL", "The hub failed while answering; see its log");
  }
}

/** What fastify itself refuses: a body that is too large, a media type that is malformed. */
function isClientError(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !("statusCode" in error)) return false;
  return Number(error.statusCode) >= 400 && Number(error.statusCode) < 500;
}

function statusOf(code: ErrorCode): number {
  if (code === "ARTIFACT_DIGEST" || code === "ENGINE_ATTESTATION") return 422;
  if (code === "ENGINE_QUOTA") return 413;
  if (code === "ARTIFACT_MISSING") return 404;
  if (code === "HUB_REFUSED") return 403;
  if (code === "HUB_CHANGED_MEANWHILE") return 412;
  if (code === "DEVICE_OWNED" || code === "PIPELINE_OWNED") return 409;
  if (code === "ENGINE_DISPUTED") return 409;
  if (code === "PART_STALE" || code === "ROLES_STALE") return 409;
  if (code === "HUB_NOT_CERTIFIED") return 409;
  if (code === "HUB_STATE_UNREADABLE") return 500;
  return code === "INTERNAL" ? 500 : 400;
}
