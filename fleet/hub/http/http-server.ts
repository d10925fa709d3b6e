import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import { NoSuchRoute, requireAccess } from "./access.ts";
import type { HttpParts } from "./parts.ts";
import { sendError, sendProblem } from "./problem.ts";
import { certificateRoutes } from "./routes/certificates.ts";
import { deployRoutes } from "./routes/deploy.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { engineByteRoutes, engineRoutes } from "./routes/engines.ts";
import { enrolmentRoutes } from "./routes/enrolment.ts";
import { historyRoutes } from "./routes/history.ts";
import { infoRoutes } from "./routes/info.ts";
import { objectRoutes } from "./routes/objects.ts";
import { retainedRoutes } from "./routes/retained.ts";

const HEADERS_DEADLINE_MS = 10_000;
/** A transfer may take hours on a slow link, but not stand still this long. */
const IDLE_DEADLINE_MS = 60_000;
/** On one connection. Clients send the next request when they have the answer, which may be before we hear that it went. */
const MOST_REQUESTS_AT_ONCE = 4;
const REFUSED_LINGER_MS = 1000;
/** Of a body that is no object. */
const MAX_BODY_BYTES = 4096;

export interface HttpSide {
  app: FastifyInstance;
  server: Server;
}

/** The hub's HTTP side: one scope per file of `routes/`. Ready to listen by its `server`. */
export async function createHttpSide(parts: HttpParts): Promise<HttpSide> {
  let answer: RequestListener = () => {};
  const server = createTlsServer(
    parts,
    fewAtATime(parts, (request, response) => answer(request, response)),
  );
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    serverFactory: (handler) => {
      answer = handler;
      return server;
    },
  });
  requireAccess(app, parts.gate);
  app.setNotFoundHandler((request, reply) => sendProblem(reply, 404, "USAGE", noRoute(request)));
  app.setErrorHandler((error, request, reply) =>
    error instanceof NoSuchRoute
      ? sendProblem(reply, 404, "USAGE", noRoute(request))
      : sendError(error, request, reply, parts.log),
  );
  answerBeforeBodies(app, parts);
  endRefusedBodies(app);
  for (const routes of [
    infoRoutes,
    certificateRoutes,
    objectRoutes,
    engineRoutes,
    engineByteRoutes,
    deviceRoutes,
    enrolmentRoutes,
    deployRoutes,
    retainedRoutes,
    historyRoutes,
  ]) {
    app.register((scope, _options, done) => {
      routes(scope, parts);
      done();
    });
  }
  await app.ready();
  return { app, server };
}

/** Who has no certificate of the fleet's CA, or one that has ended, does not come as far as a request. */
function createTlsServer({ tls, gate }: HttpParts, handler: RequestListener): Server {
  const server = createServer(
    {
      ...tls,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      requestTimeout: 0,
      headersTimeout: HEADERS_DEADLINE_MS,
      handshakeTimeout: HEADERS_DEADLINE_MS,
    },
    handler,
  );
  server.setTimeout(IDLE_DEADLINE_MS);
  gate.watch(server);
  return server;
}

/** Ends a connection that asks on and on without waiting for answers: all of it would be worked on in one turn. */
function fewAtATime({ gate, log }: HttpParts, handler: RequestListener): RequestListener {
  const open = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const count = (open.get(socket) ?? 0) + 1;
    if (count > MOST_REQUESTS_AT_ONCE) {
      log("connection ended: it does not wait for answers", { peer: socket.remoteAddress ?? null });
      gate.countFailure(socket);
      socket.destroy();
      return;
    }
    open.set(socket, count);
    response.once("close", () => open.set(socket, (open.get(socket) ?? 1) - 1));
    handler(request, response);
  };
}

/** Who is to be refused hears so before the body is sent (curl asks for uploads above 1 MB). */
function answerBeforeBodies(app: FastifyInstance, parts: HttpParts): void {
  const routing = fewAtATime(parts, (request, response) => app.routing(request, response));
  app.server.on("checkContinue", routing);
  app.addHook("preParsing", (request, reply, payload, done) => {
    if (request.headers.expect?.toLowerCase() === "100-continue") reply.raw.writeContinue();
    done(null, payload);
  });
}

/** The body of who was refused is not read to its end: the answer gets a moment to arrive, then the connection ends. */
function endRefusedBodies(app: FastifyInstance): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    if (reply.statusCode >= 400 && hasBodyLeft(request)) reply.header("connection", "close");
    done(null, payload);
  });
  app.addHook("onResponse", (request, reply, done) => {
    done();
    if (reply.statusCode < 400 || !hasBodyLeft(request)) return;
    const { socket } = request.raw;
    socket.pause();
    setTimeout(() => socket.destroy(), REFUSED_LINGER_MS).unref();
  });
}

function hasBodyLeft({ raw }: FastifyRequest): boolean {
  return !raw.complete;
}

function noRoute(request: FastifyRequest): string {
  const path = request.url.split("?", 1)[0] ?? "/";
  return `The hub has no ${request.method} ${path.slice(0, 200)}`;
}
