import { Readable } from "node:stream";
import { send } from "@fastify/send";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { topic } from "../../../contract/index.ts";
import { FleetError } from "../../../errors/index.ts";
import { Digest } from "../../../spec/index.ts";
import { hexOf, type ObjectStore } from "../../../transfer/files/object-store.ts";
import type { RetainedStore } from "../../broker/retained-store.ts";
import type { Principal } from "../../identity/principal.ts";
import { pathPart, principalOf } from "../access.ts";
import { alreadyThere, rangeStillFits } from "../if-same-bytes.ts";
import { namedObjects } from "../named-objects.ts";
import { sendProblem } from "../problem.ts";

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
  const etag = `"${digest}"`;
  reply.header("etag", etag).header("cache-control", "private, max-age=31536000, immutable");
  if (alreadyThere(request.headers["if-none-match"], etag)) return reply.code(304).send();
  const { range, "if-range": ifRange } = request.headers;
  const fits = !isHead && range !== undefined && rangeStillFits(first(ifRange), etag);
  return sendBytes(objects, digest, sizeBytes, fits ? { range } : {}, request, reply);
}

function mayFetch({ fleet, retained }: ObjectParts, who: Principal, digest: string): boolean {
  if (who.kind === "operator") return true;
  return namedObjects(retained.get(topic(fleet, who.name, "desired"))).has(digest);
}

/** The tags were judged above: they are digests, and @fastify/send knows only a file's size and time. */
async function sendBytes(
  objects: ObjectStore,
  digest: string,
  sizeBytes: number,
  headers: { range?: string },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const asked = Object.assign(Readable.from([]), { method: request.method, headers });
  const answer = await send(asked, hexOf(digest), {
    root: objects.folder,
    etag: false,
    lastModified: false,
    cacheControl: false,
    contentType: false,
    highWaterMark: 1 << 18,
  });
  if (answer.statusCode === 416) {
    reply.header("content-range", `bytes */${sizeBytes}`);
    return sendProblem(reply, 416, "USAGE", `Expected a range within ${sizeBytes} bytes`);
  }
  return reply
    .code(answer.statusCode)
    .headers(answer.headers)
    .type("application/octet-stream")
    .send(answer.stream);
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

/** Not destroyed by an error half way, so that the answer can still be sent. */
function bodyOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  return request.raw.iterator({ destroyOnReturn: false });
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
