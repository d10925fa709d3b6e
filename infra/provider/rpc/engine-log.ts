import { credentials } from "@grpc/grpc-js";
import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import { printable } from "../../../fleet/text/index.ts";
import { engineGrpc, enginePb } from "./proto.ts";

export type Severity = "debug" | "info" | "warning";

/**
 * What the user sees of the provider: its own stdout and stderr are hidden by the engine. There is no severity
 * "error", because one such line marks the whole update as failed; errors travel as answers.
 */
export interface EngineLog {
  log(severity: Severity, urn: string, message: string): void;
  /** Text in the resource's row until the next one. */
  status(urn: string, message: string): void;
  close(): void;
}

/** Log of an engine at `address`; before one is known, or without one, nothing is shown. */
export function connectEngineLog(address: string | undefined): EngineLog {
  if (!address) return { log() {}, status() {}, close() {} };
  const client: EngineClient = new engineGrpc.EngineClient(address, credentials.createInsecure());
  const severities = {
    debug: enginePb.LogSeverity.DEBUG,
    info: enginePb.LogSeverity.INFO,
    warning: enginePb.LogSeverity.WARNING,
  };
  let last = Promise.resolve();
  const send = (severity: Severity, urn: string, message: string, ephemeral: boolean) => {
    const request = new enginePb.LogRequest();
    request.setSeverity(severities[severity]);
    request.setUrn(urn);
    request.setMessage(printable(message));
    request.setEphemeral(ephemeral);
    // One after the other, as calls under way at the same time may overtake each other. A line that the engine
    // does not take is lost; there is nobody else to tell.
    last = last.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  };
  return {
    log: (severity, urn, message) => send(severity, urn, message, false),
    status: (urn, message) => send("info", urn, message, true),
    close: () => client.close(),
  };
}
