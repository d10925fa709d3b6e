import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { FleetError } from "../../errors/index.ts";
import type { ObjectStore } from "../../transfer/files/object-store.ts";
import { alreadyThere, parseRange, rangeStillFits } from "../objects/byte-range.ts";
import { sendJson, sendProblem } from "./respond.ts";

/** Larger than any engine or set that is to be expected; keeps a runaway upload from filling the disk. */
export const MAX_OBJECT_BYTES = 8 * 2 ** 30;

export async function getObject(
  store: ObjectStore,
  digest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Who asks whether it is there wants it right; who fetches it checks by himself.
  const sizeBytes = await (request.method === "HEAD"
    ? store.verifiedSize(digest)
    : store.size(digest));
  if (sizeBytes === null) {
    sendProblem(response, 404, "ARTIFACT_MISSING", `The hub does not hold ${digest}`);
    return;
  }
  const etag = `"${digest}"`;
  response.setHeader("etag", etag);
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("cache-control", "private, max-age=31536000, immutable");
  if (alreadyThere(request.headers["if-none-match"], etag)) {
    response.writeHead(304).end();
    return;
  }
  await sendBytes(store, digest, sizeBytes, etag, request, response);
}

async function sendBytes(
  store: ObjectStore,
  digest: string,
  sizeBytes: number,
  etag: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("content-type", "application/octet-stream");
  if (request.method === "HEAD") {
    response.writeHead(200, { "content-length": sizeBytes }).end();
    return;
  }
  const ifRange = request.headers["if-range"];
  const fits = rangeStillFits(typeof ifRange === "string" ? ifRange : undefined, etag);
  const range = fits ? parseRange(request.headers.range, sizeBytes) : null;
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${sizeBytes}`);
    sendProblem(response, 416, "USAGE", `Expected a range within ${sizeBytes} bytes`);
    return;
  }
  if (range) {
    response.writeHead(206, {
      "content-range": `bytes ${range.first}-${range.last}/${sizeBytes}`,
      "content-length": range.last - range.first + 1,
    });
  } else response.writeHead(200, { "content-length": sizeBytes });
  await pipeline(store.read(digest, range ?? undefined), response);
}

export async function putObject(
  store: ObjectStore,
  digest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if ((await store.verifiedSize(digest)) !== null) {
    // Read what comes anyway: closing early would look like a failed upload to a simple client.
    request.resume();
    sendJson(response, 200, { digest, stored: "already" });
    return;
  }
  if (Number(request.headers["content-length"] ?? 0) > MAX_OBJECT_BYTES) {
    throw new FleetError("USAGE", `Expected an object of at most ${MAX_OBJECT_BYTES} bytes`);
  }
  // Not destroyed by an error half way, so that the answer can still be sent.
  const bytes: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  await store.write(digest, bytes, MAX_OBJECT_BYTES);
  sendJson(response, 201, { digest, stored: "new" });
}
