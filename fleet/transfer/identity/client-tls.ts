import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { FleetError } from "../../errors/index.ts";
import type { Identity } from "./identity.ts";
import { describePeer, parsePeerNames } from "./peer-name.ts";
import type { TrustedClock } from "./trusted-clock.ts";

/** Options of Node's `tls.connect`, which HTTP and MQTT clients take as well. */
export interface HubTls {
  ca: string;
  cert: string;
  key: string;
  minVersion: "TLSv1.2";
  rejectUnauthorized: true;
  checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined;
}

/**
 * How to connect to the hub of `identity`'s fleet at `host`. Chain, signature and name are OpenSSL's to check, whatever
 * the time is; for that the CA's and the hub's certificates are dated from 1970 to 9999. How long the hub's is meant to
 * be used stands in its URI, and is judged here and nowhere else, against a clock that is never ahead of the truth.
 */
export function clientTls(host: string, identity: Identity, clock: TrustedClock): HubTls {
  clock.learn(identity.term.fromMs);
  return {
    ca: identity.caPem,
    cert: identity.certificatePem,
    key: identity.keyPem,
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    // The host is taken from here: a proxy's tunnel does not tell Node.
    checkServerIdentity: (_host, certificate) =>
      checkServerIdentity(host, certificate) ?? hubProblem(certificate, identity, clock),
  };
}

/** Undefined when the certificate is the hub's of this fleet and in its term. */
export function hubProblem(
  certificate: Pick<PeerCertificate, "subjectaltname">,
  { peer }: Pick<Identity, "peer">,
  clock: TrustedClock,
): Error | undefined {
  const named = parsePeerNames(certificate.subjectaltname ?? "");
  if (named?.peer.kind !== "hub" || !named.term) return untrusted("its certificate is not a hub's");
  if (named.peer.fleet !== peer.fleet) return untrusted(`it is fleet ${named.peer.fleet}'s`);
  // Signed by the CA: that moment has passed.
  clock.learn(named.term.fromMs);
  if (named.term.untilMs >= clock.now()) return undefined;
  return untrusted(`its certificate ended on ${new Date(named.term.untilMs).toISOString()}`);
}

function untrusted(got: string): FleetError {
  return new FleetError("HUB_UNTRUSTED", `Expected the hub of this fleet but ${got}`);
}

/** Why a connection failed, when it is because the certificate of our own has ended: that is the hub's to judge. */
export function ownEnd({ term, peer }: Identity, clock: TrustedClock): FleetError | null {
  if (term.untilMs >= clock.now()) return null;
  const until = new Date(term.untilMs).toISOString();
  const own = describePeer(peer);
  return new FleetError("IDENTITY_EXPIRED", `The certificate of ${own} ended on ${until}`);
}
