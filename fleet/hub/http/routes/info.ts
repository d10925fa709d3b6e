import type { FastifyInstance } from "fastify";
import type { HttpParts } from "../parts.ts";

/** `GET /info`: which fleet's hub this is and where its broker is. */
export function infoRoutes(app: FastifyInstance, parts: Pick<HttpParts, "info">): void {
  app.get("/info", { config: { access: "peers" } }, (_, reply) =>
    reply.header("cache-control", "no-store").send(parts.info()),
  );
}
