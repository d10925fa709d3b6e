import type { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { FleetError } from "../../../errors/index.ts";
import { Name } from "../../../spec/index.ts";
import { CertificateRequest } from "../../../transfer/identity/certificate-request.ts";
import { renewAtMs } from "../../../transfer/identity/renewal.ts";
import type { CertificateState } from "../../hub-info.ts";
import type { CertificateRegister } from "../../identity/certificate-register.ts";
import type { Gate } from "../../identity/gate.ts";
import type { Issuer } from "../../identity/issuer.ts";
import { pathPart, principalOf } from "../access.ts";

export interface CertificateParts {
  register: CertificateRegister;
  issuer: Issuer;
  gate: Gate;
}

/**
 *     PUT  /devices/<name>/certificate     the operator's: a certificate for a device's own key
 *     PUT  /operators/<name>/certificate   the operator's: one for another operator's
 *     DELETE /operators/<name>             the operator's: revokes all of an operator's certificates
 *     GET  /certificate                    for whom it is: when to renew
 *     POST /certificate                    for whom it is: another one, in time
 */
export function certificateRoutes(app: FastifyInstance, parts: CertificateParts): void {
  const { register, issuer, gate } = parts;
  app.put("/devices/:name/certificate", (request) => {
    const name = pathPart(request, "name", Name);
    return issuer.certify({ kind: "device", name }, requestOf(request));
  });
  app.put("/operators/:name/certificate", (request) => {
    const name = pathPart(request, "name", Name);
    return issuer.certify({ kind: "operator", name }, requestOf(request));
  });
  app.delete("/operators/:name", async (request) => {
    const name = pathPart(request, "name", Name);
    await register.remove({ kind: "operator", name });
    gate.endRefused();
    return { operator: name };
  });
  app.get("/certificate", { config: { access: "peers" } }, (request): CertificateState => {
    const serial = gate.serialOf(request.raw.socket as TLSSocket);
    const term = issuer.termOf(principalOf(request), serial);
    return { serial, renewInMs: Math.max(0, renewAtMs(term, serial) - Date.now()) };
  });
  app.post("/certificate", { config: { access: "peers" } }, (request) =>
    issuer.certify(principalOf(request), requestOf(request)),
  );
}

function requestOf({ body }: FastifyRequest): CertificateRequest {
  const parsed = CertificateRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new FleetError("USAGE", "Expected a certificate request, {publicKey, proof}, as JSON");
}
