import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { MAX_PAYLOAD_LENGTH } from "../../../contract/index.ts";
import { FleetError } from "../../../errors/index.ts";
import { parseJson, textOf } from "../../../release/index.ts";
import { Digest, Name } from "../../../spec/index.ts";
import type { Deploy } from "../../deploy/deploy.ts";
import { EnginesToPrune, NewChoice, NewRoles, Owner } from "../../deploy-api.ts";
import { parseBody, pathPart } from "../access.ts";

/** A signed text with its escapes. */
const MAX_BODY_BYTES = 2 * MAX_PAYLOAD_LENGTH + 4096;

/**
 *     GET    /roles                              the hub's online key and the roles in force, with ETag
 *     PUT    /roles                              new roles, with If-Match
 *     PUT    /parts/sha256:<hex>                 a signed part; the hub checks the signature
 *     GET    /models/sha256:<hex>/set            a signed set that names the model
 *     GET    /devices/<device>/pipelines/<name>  what is chosen, with ETag
 *     PUT    /devices/<device>/pipelines/<name>  another choice, with If-Match; 412 when it was changed meanwhile
 *     DELETE /devices/<device>/pipelines/<name>  likewise; the body says the owner
 *     PUT    /devices/<device>/engines/prune     engines that the device is to remove, by their keys
 */
export function deployRoutes(app: FastifyInstance, { deploy }: { deploy: Deploy }): void {
  app.removeAllContentTypeParsers();
  // Bytes, so that what is no UTF-8 is refused and not replaced.
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));
  app.get("/roles", (_, reply) => tagged(reply, deploy.roles()));
  app.put("/roles", { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    await deploy.replaceRoles(bodyOf(request, NewRoles), ifMatch(request));
    return tagged(reply, deploy.roles());
  });
  app.put("/parts/:digest", { bodyLimit: MAX_BODY_BYTES }, async (request) => {
    const digest = pathPart(request, "digest", Digest);
    await deploy.addPart(digest, jsonOf(request));
    return { digest };
  });
  app.get("/models/:digest/set", (request) => deploy.setOf(pathPart(request, "digest", Digest)));
  const url = "/devices/:device/pipelines/:name";
  app.get(url, (request, reply) => {
    const { device, name } = namesIn(request);
    return tagged(reply, deploy.pipeline(device, name));
  });
  app.put(url, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const { device, name } = namesIn(request);
    const { from, ...choice } = bodyOf(request, NewChoice);
    return tagged(reply, await deploy.choose(device, name, choice, ifMatch(request), from));
  });
  app.delete(url, async (request, reply) => {
    const { device, name } = namesIn(request);
    const owner = bodyOf(request, Owner);
    return tagged(reply, await deploy.drop(device, name, owner, ifMatch(request)));
  });
  app.put("/devices/:device/engines/prune", async (request) => {
    const { keys } = bodyOf(request, EnginesToPrune);
    return { number: await deploy.pruneEngines(pathPart(request, "device", Name), keys) };
  });
}

function namesIn(request: FastifyRequest): { device: string; name: string } {
  return { device: pathPart(request, "device", Name), name: pathPart(request, "name", Name) };
}

function tagged(reply: FastifyReply, { answer, tag }: { answer: unknown; tag: string }) {
  return reply.header("etag", tag).header("cache-control", "no-store").send(answer);
}

function ifMatch(request: FastifyRequest): string {
  const tag = request.headers["if-match"];
  if (tag !== undefined) return tag;
  throw new FleetError("USAGE", "Expected If-Match with the ETag that was read");
}

function bodyOf<Schema extends z.ZodType>(
  request: FastifyRequest,
  schema: Schema,
): z.infer<Schema> {
  return parseBody(schema, jsonOf(request));
}

function jsonOf(request: FastifyRequest): unknown {
  return Buffer.isBuffer(request.body) ? parseJson(textOf(request.body)) : undefined;
}
