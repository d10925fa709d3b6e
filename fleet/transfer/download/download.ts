import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { FleetError } from "../../errors/index.ts";
import { readTextIfThere } from "../files/atomic-file.ts";
import { sizeOf } from "../files/object-store.ts";
import { bodyStart, contentError, statusError } from "./http-answer.ts";
import { httpRequest } from "./http-get.ts";

export interface DownloadRequest {
  url: string;
  /** Value of the Authorization header; null for an origin that must not see the password. */
  authorization: string | null;
  digest: string;
  /** Signed size: not one byte more is read. */
  sizeBytes: number;
  partPath: string;
  /** A connection that brings fewer than `minBytesPerStall` bytes in this time is given up. */
  stallMs: number;
  signal: AbortSignal;
  onProgress: (fetchedBytes: number) => void;
}

const MIN_BYTES_PER_STALL = 256;

/**
 * One attempt to complete a partial file by HTTP Range. Resolves when it is whole, synced and has its digest;
 * what arrived stays for the next attempt, unless it cannot be part of the object (then it is removed).
 * Throws ARTIFACT_FETCH, ARTIFACT_MISSING, ARTIFACT_DIGEST, HUB_REFUSED, CANCELLED.
 */
export async function downloadOnce(request: DownloadRequest): Promise<void> {
  const held = await usableBytes(request);
  if (held < request.sizeBytes) await fetchRest(request, held);
  else await checkWhole(request);
}

async function usableBytes({ partPath, sizeBytes }: DownloadRequest): Promise<number> {
  const held = (await sizeOf(partPath)) ?? 0;
  if (held <= sizeBytes) return held;
  await removePart(partPath);
  return 0;
}

async function fetchRest(request: DownloadRequest, held: number): Promise<void> {
  const response = await ask(request, held);
  try {
    const start = bodyStart(response, held, request.sizeBytes);
    if (start === "restart") return await fetchAgain(request);
    await rememberEtag(request.partPath, response.headers.etag);
    await receive(request, response, start);
  } finally {
    response.destroy();
  }
}

async function ask(request: DownloadRequest, held: number): Promise<IncomingMessage> {
  const etag = held > 0 ? await readTextIfThere(`${request.partPath}.etag`) : null;
  const response = await httpRequest({
    url: request.url,
    headers: {
      "accept-encoding": "identity",
      ...(request.authorization === null ? {} : { authorization: request.authorization }),
      ...(held > 0 ? { range: `bytes=${held}-` } : {}),
      ...(etag === null ? {} : { "if-range": etag }),
    },
    firstByteMs: request.stallMs,
    signal: request.signal,
  });
  const refusal = statusError(response, request.digest);
  if (refusal === null) return response;
  response.destroy();
  throw refusal;
}

/** The server cannot go on where the partial file ends, so the object is fetched from its start. */
async function fetchAgain(request: DownloadRequest): Promise<void> {
  await removePart(request.partPath);
  await fetchRest(request, 0);
}

async function receive(request: DownloadRequest, response: IncomingMessage, start: number) {
  const hash = createHash("sha256");
  if (start > 0) await hashFile(hash, request.partPath);
  const file = await open(request.partPath, start > 0 ? "a" : "w", 0o600);
  try {
    const size = await copyBody(request, response, file, hash, start);
    await file.sync();
    if (size < request.sizeBytes) throw contentError(`ended after ${size}`, request);
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
  if (cause instanceof Error && (cause as NodeJS.ErrnoException).code === "ENOSPC") {
    const message = `The disk was full after ${size} of ${request.sizeBytes} bytes of ${request.digest}`;
    return new FleetError("BOARD_DISK_FULL", message, { cause });
  }
  return contentError(`broke off after ${size}`, request, cause);
}

async function tooLong({ partPath, sizeBytes, digest }: DownloadRequest): Promise<FleetError> {
  await removePart(partPath);
  const message = `Expected ${sizeBytes} bytes of ${digest} but the server sends more`;
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
  await hashFile(hash, request.partPath);
  await requireDigest(request, hash);
}

async function requireDigest(request: DownloadRequest, hash: Hash): Promise<void> {
  const digest = `sha256:${hash.digest("hex")}`;
  if (digest === request.digest) return;
  await removePart(request.partPath);
  throw new FleetError(
    "ARTIFACT_DIGEST",
    `Expected ${request.digest} but the server sent ${digest}`,
  );
}

async function hashFile(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
}

async function rememberEtag(partPath: string, etag: string | undefined): Promise<void> {
  if (etag === undefined) await rm(`${partPath}.etag`, { force: true });
  else await writeFile(`${partPath}.etag`, etag, { mode: 0o600 });
}

async function removePart(partPath: string): Promise<void> {
  await rm(partPath, { force: true });
  await rm(`${partPath}.etag`, { force: true });
}
