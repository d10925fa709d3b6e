import type { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { FleetError } from "../../errors/index.ts";
import type { Gate } from "../identity/gate.ts";
import type { Principal } from "../identity/principal.ts";
import { sendProblem } from "./problem.ts";

/** Who may use a route; a route that does not say is the operator's. `peers`: devices and operators. */
export type Access = "peers" | "operator";

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** Who asks. */
export function principalOf(request: FastifyRequest): Principal {
  const who = principals.get(request);
  if (!who) throw new Error("a route was reached by a request that was not admitted");
  return who;
}

/** Checks before the body is read, and before it is said whether a route exists at all. */
export function requireAccess(app: FastifyInstance, gate: Gate): void {
  app.addHook("onRequest", async (request, reply) => {
    // The server is made in `http-server.ts` and gives nothing else.
    const who = gate.admit(request.raw.socket as TLSSocket);
    if (!who) {
      const message = "Expected a certificate that is in force but it was revoked or replaced";
      return sendProblem(reply, 403, "HUB_REFUSED", message);
    }
    const access = request.is404 ? "peers" : (request.routeOptions.config.access ?? "operator");
    if (access === "operator" && who.kind !== "operator") {
      return sendProblem(reply, 403, "HUB_REFUSED", "Only the operator may do this");
    }
    principals.set(request, who);
  });
}

/** A part of the path, checked; what does not fit is answered as a route that does not exist. */
export function pathPart<Value>(
  request: FastifyRequest,
  name: string,
  schema: z.ZodType<Value>,
): Value {
  const parsed = schema.safeParse((request.params as Record<string, unknown>)[name]);
  if (!parsed.success) throw new NoSuchRoute();
  return parsed.data;
}

/** A body, checked; throws USAGE. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FleetError(
    "USAGE",
    `Expected another body: ${issue?.path.join(".")}: ${issue?.message}`,
  );
}

export class NoSuchRoute extends Error {}
