import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { topic } from "../../../contract/index.ts";
import { FleetError } from "../../../errors/index.ts";
import { Digest } from "../../../spec/index.ts";
import type { ObjectStore } from "../../../transfer/files/object-store.ts";
import type { RetainedStore } from "../../broker/retained-store.ts";
import type { Principal } from "../../identity/principal.ts";
import { pathPart, principalOf } from "../access.ts";
import { namedObjects } from "../named-objects.ts";
import { sendProblem } from "../problem.ts";
import { bodyOf, sendObject } from "../send-object.ts";

/** Larger than any engine or set that is to be expected; keeps a runaway upload from filling the disk. */
const MAX_OBJECT_BYTES = 8 * 2 ** 30;

export interface ObjectParts {
  fleet: string;
  objects: ObjectStore;
  retained: RetainedStore;
}

/**
 *     HEAD /objects/sha256:<hex>    whether it is there and right
 *     GET  /objects/sha256:<hex>    with Range; a device gets those only that its desired document names
 *     PUT  /objects/sha256:<hex>    the operator's
 */
export function objectRoutes(app: FastifyInstance, parts: ObjectParts): void {
  const { objects } = parts;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.route({
    method: ["GET", "HEAD"],
    url: "/objects/:digest",
    config: { access: "peers" },
    handler: (request, reply) => getObject(parts, request, reply),
  });
  app.put("/objects/:digest", {
    bodyLimit: MAX_OBJECT_BYTES,
    onRequest: (request, reply) => answerIfThere(objects, request, reply),
    handler: async (request, reply) => {
      const digest = pathPart(request, "digest", Digest);
      await objects.write(digest, bodyOf(request), MAX_OBJECT_BYTES);
      return reply.code(201).send({ digest, stored: "new" });
    },
  });
}

async function getObject(
  parts: ObjectParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const digest = pathPart(request, "digest", Digest);
  if (!mayFetch(parts, principalOf(request), digest)) {
    return sendProblem(reply, 403, "HUB_REFUSED", `Nothing that you are to run names ${digest}`);
  }
  const { objects } = parts;
  const isHead = request.method === "HEAD";
  // Who asks whether it is there wants it right; who fetches it checks by himself.
  const sizeBytes = await (isHead ? objects.verifiedSize(digest) : objects.size(digest));
  if (sizeBytes === null) {
    return sendProblem(reply, 404, "ARTIFACT_MISSING", `The hub does not hold ${digest}`);
  }
  return sendObject(objects, digest, sizeBytes, request, reply);
}

function mayFetch({ fleet, retained }: ObjectParts, who: Principal, digest: string): boolean {
  if (who.kind === "operator") return true;
  return namedObjects(retained.get(topic(fleet, who.name, "desired"))).has(digest);
}

/** Before the body is asked for: what is there already need not be sent. */
async function answerIfThere(
  objects: ObjectStore,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const digest = pathPart(request, "digest", Digest);
  if (Number(request.headers["content-length"] ?? 0) > MAX_OBJECT_BYTES) {
    throw new FleetError("USAGE", `Expected an object of at most ${MAX_OBJECT_BYTES} bytes`);
  }
  if ((await objects.verifiedSize(digest)) === null) return;
  // Read what comes anyway: closing early would look like a failed upload to a simple client.
  request.raw.resume();
  await reply.send({ digest, stored: "already" });
}
