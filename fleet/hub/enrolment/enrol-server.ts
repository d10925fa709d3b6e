import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { SecureContextOptions } from "node:tls";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { asFleetError } from "../../errors/index.ts";
import { Digest } from "../../spec/index.ts";
import type { ObjectStore } from "../../transfer/files/object-store.ts";
import { CertificateRequest } from "../../transfer/identity/certificate-request.ts";
import { Door } from "../door.ts";
import type { History } from "../history/history.ts";
import { sendObject } from "../http/send-object.ts";
import type { Issuer } from "../identity/issuer.ts";
import type { Log } from "../log.ts";
import type { Enrolment, Enrolments } from "./enrolments.ts";

export interface EnrolParts {
  tls: SecureContextOptions;
  enrolments: Enrolments;
  objects: ObjectStore;
  issuer: Issuer;
  history: History;
  log: Log;
}

const DEADLINE_MS = 10_000;
/** A download may take hours on a slow link, but not stand still this long. */
const IDLE_DEADLINE_MS = 60_000;
const MAX_BODY_BYTES = 4096;
const NO = "Expected an enrolment that is open, and its token";

/**
 * What a board that has no certificate yet may ask, on a port of its own:
 *
 *     GET  /enrol/<id>/install            the installer that the operator made
 *     GET  /enrol/<id>/objects/<digest>   with the token: what the installer names
 *     POST /enrol/<id>/certificate        with the token: a certificate for the board's own key, once
 */
export async function createEnrolSide(
  parts: EnrolParts,
): Promise<{ app: FastifyInstance; server: Server }> {
  const { tls, log } = parts;
  const door = new Door(log);
  let answer: RequestListener = () => {};
  const server = createServer(
    {
      ...{ key: tls.key, cert: tls.cert, minVersion: "TLSv1.2" },
      ...{ headersTimeout: DEADLINE_MS, handshakeTimeout: DEADLINE_MS, requestTimeout: 0 },
    },
    (request, response) => answer(request, response),
  );
  server.setTimeout(IDLE_DEADLINE_MS);
  door.watch(server);
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    serverFactory: (handler) => {
      answer = handler;
      return server;
    },
  });
  /** Whatever is wrong is answered alike, so that nothing is to be learnt, and counts against who asks. */
  const refuse = (request: FastifyRequest, reply: FastifyReply): unknown => {
    door.failed(request.socket.remoteAddress ?? "");
    return reply.code(403).send({ message: NO });
  };
  app.setNotFoundHandler(refuse);
  app.setErrorHandler((error, request, reply) => {
    const { code, message } = asFleetError(error, "enrolling a board");
    log("a board is not enrolled", { peer: request.socket.remoteAddress ?? null, code, message });
    return refuse(request, reply);
  });
  routes(app, parts, refuse);
  await app.ready();
  return { app, server };
}

type Refuse = (request: FastifyRequest, reply: FastifyReply) => unknown;

function routes(app: FastifyInstance, parts: EnrolParts, refuse: Refuse): void {
  const { enrolments, objects, issuer, history, log } = parts;
  const admitted = async (request: FastifyRequest): Promise<Enrolment | null> =>
    await enrolments.admit(param(request, "id"), tokenOf(request));
  app.get("/enrol/:id/install", (request, reply) => {
    const enrolment = enrolments.get(param(request, "id"));
    if (enrolment === null) return refuse(request, reply);
    return reply.type("text/x-shellscript; charset=utf-8").send(enrolment.script);
  });
  app.get("/enrol/:id/objects/:digest", async (request, reply) => {
    const enrolment = await admitted(request);
    const digest = Digest.safeParse(param(request, "digest")).data;
    if (enrolment === null || digest === undefined) return refuse(request, reply);
    const size = enrolment.objects.includes(digest) ? await objects.size(digest) : null;
    if (size === null) return refuse(request, reply);
    return await sendObject(objects, digest, size, request, reply);
  });
  app.post("/enrol/:id/certificate", async (request, reply) => {
    const enrolment = await admitted(request);
    const wanted = CertificateRequest.safeParse(request.body).data;
    if (enrolment === null || wanted === undefined) return refuse(request, reply);
    if (!(await enrolments.use(param(request, "id"), wanted.publicKey))) {
      log("a second key asked for a certificate", { device: enrolment.device });
      return refuse(request, reply);
    }
    const { device } = enrolment;
    const issued = await issuer.certify({ kind: "device", name: device }, wanted);
    const peer = request.socket.remoteAddress ?? "";
    await history
      .noteHub("device-enrolled", `A board at ${peer} was enrolled as ${device}`, { peer }, device)
      .catch((error: unknown) => log("an enrolment is not noted", { reason: String(error) }));
    return issued;
  });
}

function param({ params }: FastifyRequest, name: string): string {
  return (params as Record<string, string | undefined>)[name] ?? "";
}

function tokenOf({ headers }: FastifyRequest): string {
  return /^Bearer ([A-Za-z0-9_-]{16,128})$/.exec(headers.authorization ?? "")?.[1] ?? "";
}
