import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { FleetError } from "../errors/index.ts";

export type UploadSource = { path: string } | { data: Buffer };

/** What is sent: read from wherever an upload goes on. Whoever opened it closes it. */
export interface SourceReader {
  sizeBytes: number;
  /** Fewer bytes than asked for only at the end. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 16_384;

export async function openSource(source: UploadSource): Promise<SourceReader> {
  if ("data" in source) {
    const { data } = source;
    return {
      sizeBytes: data.length,
      read: (offset, length) => Promise.resolve(data.subarray(offset, offset + length)),
      close: () => Promise.resolve(),
    };
  }
  const file = await open(source.path, "r");
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    async read(offset, length) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

/** Throws FILE_CHANGED when the source turns out shorter than it was. */
export async function* chunksOf(
  reader: SourceReader,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Buffer> {
  for (let offset = fromByte; offset < toByte; ) {
    const chunk = await reader.read(offset, Math.min(CHUNK_BYTES, toByte - offset));
    if (chunk.length === 0) throw fileChanged(`its end after ${offset}`, `${toByte} bytes`);
    offset += chunk.length;
    yield chunk;
  }
}

export function fileChanged(got: string, expected: string): FleetError {
  return new FleetError(
    "FILE_CHANGED",
    `Expected ${expected} in the file of this machine that was sent but read ${got}`,
  );
}

/** `sha256:…` of the first `bytes`. */
export async function digestOf(reader: SourceReader, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(reader, 0, bytes)) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}
