import type { EngineAttestation } from "../../contract/index.ts";
import { EngineStatement } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { parseJson, sha256Digest } from "../../release/index.ts";
import type { Identity } from "./identity.ts";
import { describePeer, peerUri } from "./peer-name.ts";
import { signerOf, signText } from "./signed-text.ts";

const PURPOSE = "engine attestation";

export function attestEngine(
  statement: EngineStatement,
  identity: Pick<Identity, "keyPem" | "certificatePem">,
): EngineAttestation {
  const text = JSON.stringify(EngineStatement.parse(statement));
  return { statement: text, ...signText(identity, PURPOSE, text) };
}

/**
 * What a device of the fleet said of an engine that it built. Throws ENGINE_ATTESTATION when nobody of the fleet said
 * it, or when it does not fit itself. `caPem`: the fleet's CA, as the asker knows it. Whether the certificate is still in
 * force is known to the hub alone.
 */
export function readAttestation(
  attestation: EngineAttestation,
  fleet: string,
  caPem: string,
): EngineStatement {
  const { statement: text } = attestation;
  const signer = signerOf(attestation, PURPOSE, text, caPem);
  if (typeof signer === "string") throw unattested(signer);
  const read = EngineStatement.safeParse(parseJson(text));
  if (!read.success) throw unattested("its statement is not of this version");
  const statement = read.data;
  const { peer } = signer;
  if (peer.fleet !== fleet || statement.fleet !== fleet) throw unattested("it is of another fleet");
  if (peerUri(peer) !== peerUri({ kind: "device", fleet, name: statement.device })) {
    throw unattested(`${describePeer(peer)} signed for ${statement.device}`);
  }
  if (sha256Digest(statement.key) !== statement.keyDigest) {
    throw unattested("its key is not the one that its digest names");
  }
  return statement;
}

function unattested(why: string): FleetError {
  return new FleetError(
    "ENGINE_ATTESTATION",
    `Expected an engine that a device of this fleet attests but ${why}`,
  );
}
