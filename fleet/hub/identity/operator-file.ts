import { FleetError } from "../../errors/index.ts";
import { readIfThere } from "../../transfer/files/durable-file.ts";
import type { FileLayer } from "../../transfer/files/file-layer.ts";
import { createKey, requestFor } from "../../transfer/identity/certificate-request.ts";
import { type Identity, sameCertificate } from "../../transfer/identity/identity.ts";
import { IdentityFile } from "../../transfer/identity/identity-file.ts";
import { describePeer } from "../../transfer/identity/peer-name.ts";
import { renewAtMs } from "../../transfer/identity/renewal.ts";
import type { Authority } from "./authority.ts";
import type { CertificateRegister } from "./certificate-register.ts";
import type { Issuer } from "./issuer.ts";
import type { Principal } from "./principal.ts";

/** The operator whose certificate the hub makes by itself. */
export const FIRST_OPERATOR: Principal = { kind: "operator", name: "operator" };

export interface OperatorWish {
  file: string;
  fleet: string;
  authority: Authority;
  register: CertificateRegister;
  issuer: Issuer;
  layer?: FileLayer | undefined;
}

/** Makes the operator's key and certificate (mode 0600), and again when they are old or of a CA that is gone. */
export async function ensureOperatorFile(wish: OperatorWish): Promise<void> {
  const file = new IdentityFile(wish.file, wish.layer);
  if ((await readIfThere(wish.file, wish.layer)) !== null) {
    const held = file.current();
    requireOperator(held, wish);
    if (isGood(held, wish)) return;
  }
  const keyPem = createKey();
  const peer = { ...FIRST_OPERATOR, fleet: wish.fleet };
  const { certificate, ca } = await wish.issuer.certify(FIRST_OPERATOR, requestFor(peer, keyPem));
  await file.replace({ keyPem, certificatePem: certificate, caPem: ca }, peer);
}

/** Another file must not be written over. */
function requireOperator({ peer }: Identity, { file, fleet }: OperatorWish): void {
  if (peer.kind === "operator" && peer.fleet === fleet && peer.name === FIRST_OPERATOR.name) return;
  throw new FleetError(
    "USAGE",
    `Expected the certificate of ${describePeer({ ...FIRST_OPERATOR, fleet })} in ${file} but it is of ${describePeer(peer)}`,
    { hint: "Name another --operator-file." },
  );
}

function isGood(held: Identity, { authority: { ca }, register }: OperatorWish): boolean {
  return (
    sameCertificate(held.caPem, ca.certificatePem) &&
    register.accepts(FIRST_OPERATOR, held.serial) &&
    Date.now() < renewAtMs(held.term, held.serial)
  );
}
