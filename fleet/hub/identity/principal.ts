import type { TLSSocket } from "node:tls";
import { certificateFacts } from "../../transfer/identity/identity.ts";

/** Who somebody is, by the certificate. */
export interface Principal {
  kind: "operator" | "device";
  name: string;
}

/**
 * Whom the certificate of a connection names, for TLS itself has checked chain and dates. Null for another fleet's and
 * for a hub's own.
 */
export function principalOf(
  socket: TLSSocket,
  fleet: string,
): { who: Principal; serial: string } | null {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const facts = certificate && certificateFacts(certificate);
  if (!facts || facts.peer.fleet !== fleet || facts.peer.kind === "hub") return null;
  const { kind, name } = facts.peer;
  return { who: { kind, name }, serial: facts.serial };
}
