import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { posix } from "node:path";
import type { SFTPWrapper } from "ssh2";
import { FleetError } from "../errors/index.ts";
import type { SshConnection } from "./connect.ts";
import { raceAbort, startDeadline } from "./deadline.ts";
import { quoteArgument } from "./exec.ts";
import { connectionLost } from "./failure.ts";

export type UploadSource = { path: string } | { data: Buffer };

export interface UploadOptions {
  source: UploadSource;
  remotePath: string;
  /** Permission bits, such as 0o600. */
  mode: number;
  /** Content digest (`sha256:…`); when given, the board is asked for its own. */
  digest?: string;
  onProgress?: (sentBytes: number, totalBytes: number) => void;
  signal?: AbortSignal | undefined;
  /** Gives up after this long without a byte accepted. */
  stallMs?: number;
}

/** Largest write every SFTP server takes (draft-ietf-secsh-filexfer-02 §3 with headers in a 34,000-byte packet). */
const CHUNK_BYTES = 32_768;
/** Writes under way at once; hides the round trip without filling the board's memory. */
const WINDOW = 32;

/** For taking back what did not go through: it must also be tried after an abort, and must not last. */
const CLEANUP_MS = 2_000;

/** Waits for one answer of the server: never longer than the stall, and no longer than nobody called it off. */
type Step = <T>(promise: Promise<T>) => Promise<T>;

/** Sends a file so that `remotePath` is either what it was or all of the new content, even after a power cut. */
export async function uploadFile(connection: SshConnection, options: UploadOptions): Promise<void> {
  const doing = `sending ${options.remotePath} to ${connection.address}`;
  const step = stepsWithin(options.stallMs ?? 30_000, doing, options.signal);
  const reader = await openSource(options.source);
  try {
    const sftp = await openSftp(connection, doing, step);
    const tempPath = `${options.remotePath}.part-${randomBytes(6).toString("hex")}`;
    try {
      await writeTemp(sftp, tempPath, reader, options, step);
      await verify(connection, sftp, tempPath, reader.sizeBytes, options, step);
      await rename(sftp, tempPath, options.remotePath, step);
    } catch (error) {
      const lastStep = stepsWithin(CLEANUP_MS, doing);
      await lastStep(call<void>((done) => sftp.unlink(tempPath, done))).catch(() => {});
      throw error instanceof FleetError ? error : transferFailure(options.remotePath, error);
    } finally {
      sftp.end();
    }
  } finally {
    await reader.close();
  }
}

function stepsWithin(ms: number, doing: string, signal?: AbortSignal): Step {
  return async (promise) => {
    using deadline = startDeadline(ms, doing, signal);
    return await raceAbort(promise, deadline.signal, doing);
  };
}

interface SourceReader {
  sizeBytes: number;
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

async function openSource(source: UploadSource): Promise<SourceReader> {
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

async function writeTemp(
  sftp: SFTPWrapper,
  tempPath: string,
  reader: SourceReader,
  options: UploadOptions,
  step: Step,
): Promise<void> {
  const handle = await step(
    call<Buffer>((done) => sftp.open(tempPath, "wx", { mode: options.mode }, done)),
  );
  let next = 0;
  let sent = 0;
  const worker = async () => {
    for (let offset = next; offset < reader.sizeBytes; offset = next) {
      next = offset + CHUNK_BYTES;
      const chunk = await reader.read(offset, Math.min(CHUNK_BYTES, reader.sizeBytes - offset));
      if (chunk.length === 0) throw new Error("the local file became shorter while it was sent");
      await step(call<void>((done) => sftp.write(handle, chunk, 0, chunk.length, offset, done)));
      sent += chunk.length;
      options.onProgress?.(sent, reader.sizeBytes);
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
  await step(fsync(sftp, handle));
  // The mode given to open is subject to the server's umask.
  await step(call<void>((done) => sftp.fchmod(handle, options.mode, done)));
  await step(call<void>((done) => sftp.close(handle, done)));
}

async function fsync(sftp: SFTPWrapper, handle: Buffer): Promise<void> {
  try {
    await call<void>((done) => sftp.ext_openssh_fsync(handle, (error) => done(error)));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

async function rename(sftp: SFTPWrapper, from: string, to: string, step: Step): Promise<void> {
  try {
    await step(call<void>((done) => sftp.ext_openssh_rename(from, to, done)));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    // Plain SFTP rename refuses an existing target; a file that is not there is no failure.
    await step(call<void>((done) => sftp.unlink(to, () => done(null))));
    await step(call<void>((done) => sftp.rename(from, to, done)));
  }
}

async function verify(
  connection: SshConnection,
  sftp: SFTPWrapper,
  tempPath: string,
  sizeBytes: number,
  options: UploadOptions,
  step: Step,
): Promise<void> {
  const stats = await step(call<{ size: number }>((done) => sftp.stat(tempPath, done)));
  if (stats.size !== sizeBytes) {
    throw transferFailure(options.remotePath, `${stats.size} bytes instead of ${sizeBytes}`);
  }
  if (options.digest === undefined) return;
  const result = await connection.exec(`sha256sum ${quoteArgument(tempPath)}`, {
    timeoutMs: 120_000,
    signal: options.signal,
  });
  // A board without sha256sum keeps the check of size only.
  if (result.exitCode === 127) return;
  const got = `sha256:${result.stdout.split(" ")[0] ?? ""}`;
  if (got !== options.digest) {
    throw transferFailure(options.remotePath, `content ${got} instead of ${options.digest}`);
  }
}

async function openSftp(
  connection: SshConnection,
  doing: string,
  step: Step,
): Promise<SFTPWrapper> {
  const opening = call<SFTPWrapper>((done) => connection.client.sftp(done));
  try {
    return await step(opening);
  } catch (error) {
    // A channel that opens after all is not wanted any more.
    opening.then(
      (late) => late.end(),
      () => {},
    );
    throw error instanceof FleetError ? error : connectionLost(doing, error);
  }
}

type Done<T> = (error: Error | null | undefined, value?: T) => void;

/** A callback of ssh2 as a promise, for calls that throw as well as those that call back. */
function call<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && /not support|unsupported/i.test(error.message);
}

function transferFailure(remotePath: string, got: unknown): FleetError {
  const text = got instanceof Error ? got.message : String(got);
  const full = /no space|quota|failure/i.test(text);
  return new FleetError(
    "SSH_COMMAND_FAILED",
    `Expected to write ${remotePath} in ${posix.dirname(remotePath)} but got: ${text}`,
    {
      ...(full && { hint: "Check free space and permissions of the folder on the board." }),
      ...(got instanceof Error && { cause: got }),
    },
  );
}
