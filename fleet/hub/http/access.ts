import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Authenticator, Principal } from "../credentials/authenticator.ts";
import { sendProblem } from "./problem.ts";

/** Who may use a route; a route that does not say is the operator's. */
export type Access = "anyone" | "peers" | "operator";

declare module "fastify" {
  interface FastifyContextConfig {
    /** `peers`: devices and the operator. */
    access?: Access;
  }
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** Who asks. Only for routes that are not for anyone. */
export function principalOf(request: FastifyRequest): Principal {
  const who = principals.get(request);
  if (!who) throw new Error("the route is open to anyone, so nobody is known");
  return who;
}

/** Checks before the body is read, and before it is said whether a route exists at all. */
export function requireAccess(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook("onRequest", async (request, reply) => {
    const access = request.is404 ? "peers" : (request.routeOptions.config.access ?? "operator");
    if (access === "anyone") return;
    const who = await authenticate(authenticator, request);
    if (!who) {
      const message = "Expected a known user name and password";
      return sendProblem(reply, 401, "HUB_REFUSED", message);
    }
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

export class NoSuchRoute extends Error {}

/** Basic authentication (RFC 7617). */
async function authenticate(
  authenticator: Authenticator,
  request: FastifyRequest,
): Promise<Principal | null> {
  const match = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? "");
  if (!match) return null;
  const text = Buffer.from(match[1] ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  return authenticator.verify(text.slice(0, colon), text.slice(colon + 1));
}
