import { Readable } from "node:stream";
import { send } from "@fastify/send";
import type { FastifyReply, FastifyRequest } from "fastify";
import { hexOf, type ObjectStore } from "../../transfer/files/object-store.ts";
import { alreadyThere, rangeStillFits } from "./if-same-bytes.ts";
import { sendProblem } from "./problem.ts";

/** Answers with an object, or the range of it that is asked for; HEAD with its size. */
export async function sendObject(
  objects: ObjectStore,
  digest: string,
  sizeBytes: number,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const etag = `"${digest}"`;
  reply.header("etag", etag).header("cache-control", "private, max-age=31536000, immutable");
  if (alreadyThere(request.headers["if-none-match"], etag)) return reply.code(304).send();
  const { range, "if-range": ifRange } = request.headers;
  const fits =
    request.method !== "HEAD" && range !== undefined && rangeStillFits(first(ifRange), etag);
  return sendBytes(objects, digest, sizeBytes, fits ? { range } : {}, request, reply);
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

/** A body as it comes. Not destroyed by an error half way, so that the answer can still be sent. */
export function bodyOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  return request.raw.iterator({ destroyOnReturn: false });
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
