import { createHash, type Hash } from "node:crypto";
import { posix } from "node:path";
import { FleetError } from "../errors/index.ts";
import type { Deadline } from "./deadline.ts";
import type { ExecResult } from "./exec.ts";
import { Flight } from "./flight.ts";
import type { SshSession } from "./session.ts";
import {
  chunksOf,
  digestOf,
  fileChanged,
  openSource,
  type SourceReader,
  type UploadSource,
} from "./source-reader.ts";
import { CUT_SHORT, DAMAGED, findScript, parseFound, receiveScript } from "./upload-script.ts";

export interface UploadOptions {
  source: UploadSource;
  remotePath: string;
  /** Permission bits, such as 0o600. */
  mode: number;
  /** Content digest (`sha256:…`) that must arrive; that of the source when absent. */
  digest?: string;
  onProgress?: (acceptedBytes: number, totalBytes: number) => void;
  /** The connection was lost, and the rest is sent over another. */
  onRetry?: (error: FleetError) => void;
  signal?: AbortSignal | undefined;
  /** Gives a connection up after this long without a byte that the board says it has. */
  stallMs?: number;
  /** For the board to read, compare and sync what arrived, from the last byte on. */
  finishMs?: number;
}

const STALL_MS = 30_000;
/** A large file on a slow card. */
const FINISH_MS = 180_000;
/** Connections in a row that bring nothing. */
const MOST_VAIN_ATTEMPTS = 3;

/**
 * Sends a file so that `remotePath` is either what it was or all of the new content, even after a power cut. What a
 * connection brought before it was lost stays on the board beside the file, and the next one, also of a later call, goes
 * on behind it. Needs nothing of the board but a shell with `cat` and `sha256sum`.
 */
export async function uploadFile(session: SshSession, options: UploadOptions): Promise<void> {
  const reader = await openSource(options.source);
  try {
    const digest = options.digest ?? (await digestOf(reader, reader.sizeBytes));
    let best = -1;
    for (let vain = 0; ; ) {
      const flight = { current: new Flight(0) };
      try {
        return await attempt(session, reader, digest, options, flight);
      } catch (error) {
        const { acceptedBytes } = flight.current;
        if (!isLost(error) || !session.reconnects || options.signal?.aborted) throw error;
        vain = acceptedBytes > best ? 1 : vain + 1;
        best = Math.max(best, acceptedBytes);
        if (vain > MOST_VAIN_ATTEMPTS)
          throw cutOff(error, session, options, best, reader.sizeBytes);
        options.onRetry?.(error);
      }
    }
  } finally {
    await reader.close();
  }
}

/** One connection's worth. */
async function attempt(
  session: SshSession,
  reader: SourceReader,
  digest: string,
  options: UploadOptions,
  flight: { current: Flight },
): Promise<void> {
  const { remotePath, mode, signal, stallMs = STALL_MS, finishMs = FINISH_MS } = options;
  const total = reader.sizeBytes;
  const label = `sending ${remotePath} to ${session.address}`;
  const found = parseFound(
    await session.run(findScript(remotePath), { label, signal, timeoutMs: stallMs }),
  );
  if (found.whole === digest) return options.onProgress?.(total, total);
  const { fromByte, hash } = await goodBytes(found.part, reader);
  flight.current = new Flight(fromByte);
  const current = flight.current;
  if (fromByte > 0) options.onProgress?.(fromByte, total);
  let text = "";
  const onOutput = (data: Buffer, deadline: Deadline) => {
    text = (text + data.toString("latin1")).slice(-64);
    const told = Number(/(\d+)\n[^\n]*$/.exec(text)?.[1] ?? 0);
    if (!current.accept(told)) return;
    deadline.restart(told >= total ? finishMs : stallMs);
    options.onProgress?.(current.acceptedBytes, total);
  };
  const left = new AbortController();
  const input = paced(
    reader,
    current,
    total,
    hash,
    AbortSignal.any([left.signal, ...(signal ? [signal] : [])]),
  );
  const order = { path: remotePath, mode, fromByte, sizeBytes: total, digest };
  try {
    const result = await session.exec(receiveScript(order), {
      ...{ label, signal, input, onOutput },
      timeoutMs: total > fromByte ? stallMs : finishMs,
    });
    if (result.exitCode === DAMAGED) requireSent(hash, digest);
    requireArrived(result, remotePath, digest);
  } catch (error) {
    // What is under way would keep everything else waiting, for as long as the link is slow or dead.
    if (isLost(error) || signal?.aborted) session.drop();
    throw error;
  } finally {
    left.abort();
  }
}

/** How much of what lies there is the beginning of what is sent, and the hash of that. */
async function goodBytes(
  part: { sizeBytes: number; digest: string } | null,
  reader: SourceReader,
): Promise<{ fromByte: number; hash: Hash }> {
  const hash = createHash("sha256");
  if (part === null || part.sizeBytes > reader.sizeBytes) return { fromByte: 0, hash };
  for await (const chunk of chunksOf(reader, 0, part.sizeBytes)) hash.update(chunk);
  return part.digest === `sha256:${hash.copy().digest("hex")}`
    ? { fromByte: part.sizeBytes, hash }
    : { fromByte: 0, hash: createHash("sha256") };
}

/** Hashes what it reads: only that tells wrong bytes of the link from a file that was written meanwhile. */
async function* paced(
  reader: SourceReader,
  flight: Flight,
  toByte: number,
  hash: Hash,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunksOf(reader, flight.acceptedBytes, toByte)) {
    await flight.send(chunk.length, signal);
    if (signal.aborted) return;
    hash.update(chunk);
    yield chunk;
  }
}

/** Throws FILE_CHANGED unless what was read here is what the digest names. */
function requireSent(hash: Hash, digest: string): void {
  const sent = `sha256:${hash.digest("hex")}`;
  if (sent !== digest) throw fileChanged(`content ${sent}`, `content ${digest}`);
}

function isLost(error: unknown): error is FleetError {
  return (
    error instanceof FleetError &&
    (error.code === "SSH_UNREACHABLE" || error.code === "SSH_TIMEOUT")
  );
}

function cutOff(
  cause: FleetError,
  { address }: SshSession,
  { remotePath }: UploadOptions,
  acceptedBytes: number,
  totalBytes: number,
): FleetError {
  return new FleetError(
    cause.code,
    `Expected all ${totalBytes} bytes of ${remotePath} to reach ${address} but the connection was lost again and ` +
      `again after ${acceptedBytes}: ${cause.message}`,
    {
      cause,
      hint: "Check the link and that the board keeps running; the next `pulumi up` goes on behind what has arrived.",
    },
  );
}

/** What was read here was right, and SSH proves what it carries: nothing is left but the board. */
function changedThere(remotePath: string, got: string): FleetError {
  return new FleetError(
    "SSH_COMMAND_FAILED",
    `Expected what was sent to ${remotePath} to lie there but got: ${got}. This machine sent the right bytes`,
    {
      hint:
        "Run `up` again: what is wrong is removed, and all of it sent anew. If that ends alike, something on the board changes it: " +
        "another program that writes there, or its disk or memory (`dmesg` on the board).",
    },
  );
}

function requireArrived(result: ExecResult, remotePath: string, digest: string): void {
  if (result.exitCode === 0) return;
  const said = result.stderr.trim().slice(-300);
  if (result.exitCode === CUT_SHORT) {
    throw new FleetError(
      "SSH_UNREACHABLE",
      `Expected all of ${remotePath} to arrive but it was cut short`,
    );
  }
  if (result.exitCode === DAMAGED) throw changedThere(remotePath, `${said} instead of ${digest}`);
  if (/No space left|quota exceeded/i.test(said)) {
    throw new FleetError(
      "BOARD_DISK_FULL",
      `Expected room for ${remotePath} on the board but got: ${said}`,
    );
  }
  const how = result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
  throw new FleetError(
    "SSH_COMMAND_FAILED",
    `Expected to write ${remotePath} in ${posix.dirname(remotePath)} but got: ${said || how}`,
    { hint: "Check the folder on the board and who may write there." },
  );
}
