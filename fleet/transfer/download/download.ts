import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { FleetError } from "../../errors/index.ts";
import type { Connector } from "../connector.ts";
import { diskErrorIn } from "../files/disk-error.ts";
import { readTextIfThere, sizeIfThere, writeFileDurably } from "../files/durable-file.ts";
import { DISK, type FileLayer } from "../files/file-layer.ts";
import { hashFile } from "../files/hash-file.ts";
import { httpRequest, originOf } from "../http/http-request.ts";
import { bodyStart, contentError, statusError } from "./http-answer.ts";

export interface DownloadRequest {
  url: string;
  /** How to reach the hub; null for another origin, which must not see the device's certificate. */
  connector: Connector | null;
  digest: string;
  /** Signed size: not one byte more is read. */
  sizeBytes: number;
  partPath: string;
  /** A connection that brings fewer than `minBytesPerStall` bytes in this time is given up. */
  stallMs: number;
  signal: AbortSignal;
  onProgress: (fetchedBytes: number) => void;
  /** Where the partial file lies. */
  layer?: FileLayer;
}

const MIN_BYTES_PER_STALL = 256;

/**
 * One attempt to complete a partial file by HTTP Range. Resolves when it is whole, synced and has its digest;
 * what arrived stays for the next attempt, unless it cannot be part of the object (then it is removed).
 * Throws ARTIFACT_FETCH, ARTIFACT_MISSING, ARTIFACT_DIGEST, HUB_REFUSED, BOARD_DISK_FULL, BOARD_DISK_FAILED, CANCELLED.
 */
export async function downloadOnce(request: DownloadRequest): Promise<void> {
  try {
    const held = await usableBytes(request);
    if (held < request.sizeBytes) await fetchRest(request, held);
    else await checkWhole(request);
  } catch (error) {
    throw diskErrorIn(error, request.digest, "BOARD") ?? error;
  }
}

async function usableBytes(request: DownloadRequest): Promise<number> {
  const held = (await sizeIfThere(request.partPath, request.layer)) ?? 0;
  if (held <= request.sizeBytes) return held;
  await removePart(request);
  return 0;
}

async function fetchRest(request: DownloadRequest, held: number): Promise<void> {
  const response = await ask(request, held);
  try {
    const start = bodyStart(response, held, request.sizeBytes);
    if (start === "restart") return await fetchAgain(request);
    await rememberEtag(request, response.headers.etag);
    await receive(request, response, start);
  } finally {
    response.destroy();
  }
}

async function ask(request: DownloadRequest, held: number): Promise<IncomingMessage> {
  const etag = held > 0 ? await readTextIfThere(etagPath(request), request.layer) : null;
  const response = await get(request, {
    "accept-encoding": "identity",
    ...(held > 0 ? { range: `bytes=${held}-` } : {}),
    ...(etag === null ? {} : { "if-range": etag }),
  });
  const refusal = statusError(response, request.digest, request.connector !== null);
  if (refusal === null) return response;
  response.destroy();
  throw refusal;
}

async function get(
  { url, connector, stallMs, signal }: DownloadRequest,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  const asked = { method: "GET", url, headers, firstByteMs: stallMs, signal } as const;
  try {
    return await (connector === null ? httpRequest(asked) : connector.http(asked));
  } catch (cause) {
    if (signal.aborted) throw new FleetError("CANCELLED", "Download cancelled", { cause });
    if (cause instanceof FleetError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot fetch from ${originOf(url)}: ${reason}`;
    throw new FleetError("ARTIFACT_FETCH", message, { cause });
  }
}

/** The server cannot go on where the partial file ends, so the object is fetched from its start. */
async function fetchAgain(request: DownloadRequest): Promise<void> {
  await removePart(request);
  await fetchRest(request, 0);
}

async function receive(request: DownloadRequest, response: IncomingMessage, start: number) {
  const hash = createHash("sha256");
  if (start > 0) await hashPart(hash, request);
  const { layer = DISK } = request;
  const file = await layer.open(request.partPath, start > 0 ? "a" : "w", 0o600);
  try {
    const size = await copyBody(request, response, file, hash, start);
    await file.sync();
    if (size < request.sizeBytes) throw await tooShort(request, response, size);
  } finally {
    await file.close();
  }
  await requireDigest(request, hash);
}

async function copyBody(
  request: DownloadRequest,
  response: IncomingMessage,
  file: FileHandle,
  hash: Hash,
  start: number,
): Promise<number> {
  const watch = watchProgress(request, response);
  // On Node 16 the request's own signal no longer reaches a body that is being read.
  const onAbort = () => response.destroy();
  request.signal.addEventListener("abort", onAbort);
  let size = start;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (size + chunk.length > request.sizeBytes) throw await tooLong(request);
      await file.write(chunk);
      hash.update(chunk);
      size += chunk.length;
      watch.count(chunk.length);
      request.onProgress(size);
    }
    return size;
  } catch (cause) {
    throw bodyError(cause, request, size);
  } finally {
    request.signal.removeEventListener("abort", onAbort);
    watch.stop();
  }
}

function bodyError(cause: unknown, request: DownloadRequest, size: number): FleetError {
  if (cause instanceof FleetError) return cause;
  if (request.signal.aborted) return new FleetError("CANCELLED", "Download cancelled", { cause });
  const where = `${request.digest} after ${size} of ${request.sizeBytes} bytes`;
  return (
    diskErrorIn(cause, where, "BOARD") ?? contentError(`broke off after ${size}`, request, cause)
  );
}

/** What the server itself says is whole is another thing than the object, such as a portal's page: none of it stays. */
async function tooShort(
  request: DownloadRequest,
  { complete, headers }: IncomingMessage,
  size: number,
): Promise<FleetError> {
  const isWhole = headers["content-length"] ?? headers["transfer-encoding"];
  if (!complete || isWhole === undefined) return contentError(`ended after ${size}`, request);
  await removePart(request);
  const message = `Expected ${request.sizeBytes} bytes of ${request.digest} but the server sends ${size}`;
  return new FleetError("ARTIFACT_DIGEST", message);
}

async function tooLong(request: DownloadRequest): Promise<FleetError> {
  await removePart(request);
  const message = `Expected ${request.sizeBytes} bytes of ${request.digest} but the server sends more`;
  return new FleetError("ARTIFACT_DIGEST", message);
}

/** Ends a response that no longer brings enough bytes, however slowly it drips. */
function watchProgress({ stallMs, digest }: DownloadRequest, response: IncomingMessage) {
  let received = 0;
  const timer = setInterval(() => {
    if (received < MIN_BYTES_PER_STALL) {
      const message = `Expected bytes of ${digest} but ${received} came in ${stallMs} ms`;
      response.destroy(new FleetError("ARTIFACT_FETCH", message));
    }
    received = 0;
  }, stallMs);
  return {
    count: (bytes: number) => {
      received += bytes;
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

async function checkWhole(request: DownloadRequest): Promise<void> {
  const hash = createHash("sha256");
  await hashPart(hash, request);
  await requireDigest(request, hash);
}

async function requireDigest(request: DownloadRequest, hash: Hash): Promise<void> {
  const digest = `sha256:${hash.digest("hex")}`;
  if (digest === request.digest) return;
  await removePart(request);
  throw new FleetError(
    "ARTIFACT_DIGEST",
    `Expected ${request.digest} but the server sent ${digest}`,
  );
}

/** A part that the disk does not give out is of no use: it goes, and the next attempt begins anew. */
async function hashPart(hash: Hash, request: DownloadRequest): Promise<void> {
  try {
    await hashFile(hash, request.partPath, request.layer);
  } catch (error) {
    await removePart(request);
    throw error;
  }
}

async function rememberEtag(request: DownloadRequest, etag: string | undefined): Promise<void> {
  const { layer = DISK } = request;
  if (etag === undefined) await layer.rm(etagPath(request), { force: true });
  else await writeFileDurably(etagPath(request), etag, 0o600, layer);
}

async function removePart(request: DownloadRequest): Promise<void> {
  const { layer = DISK } = request;
  await layer.rm(request.partPath, { force: true });
  await layer.rm(etagPath(request), { force: true });
}

function etagPath({ partPath }: DownloadRequest): string {
  return `${partPath}.etag`;
}
