import { performance } from "node:perf_hooks";
import { FleetError } from "../errors/index.ts";
import { type SshSession, uploadFile } from "../ssh/index.ts";
import { sendingText } from "../transfer/transfer-text.ts";
import { runAsRoot } from "./board-shell.ts";
import { fetchFileScript, type HubOffer } from "./fetch-script.ts";
import { STAGING } from "./layout.ts";
import type { Operation } from "./operation.ts";
import type { RuntimeFile } from "./runtime/index.ts";

/** The way round a slow connection: files go to the hub once, however many boards need them, and boards fetch them there. */
export interface HubRoad {
  /** Has them at the hub, and lets one board fetch them. */
  open(files: readonly RuntimeFile[]): Promise<HubOffer>;
  /** Nobody fetches any more. */
  close(): Promise<void>;
}

export interface SendJob {
  connection: SshSession;
  operation: Operation;
  /** None where there is no hub that boards may fetch from. */
  road?: HubRoad | undefined;
}

/** An SSH connection is watched for so long, and is slow when what is left would take so long. */
const WATCH_MS = 4_000;
const SLOW_MS = 60_000;
/** For one file on the board's own link to the hub; one that stands still is given up long before. */
const FETCH_MS = 45 * 60_000;

/** Whether a connection that brought `bytes` in `ms` is slow, with so many bytes to go; nobody knows before a while. */
export function isSlow(bytes: number, ms: number, leftBytes: number): boolean {
  return ms >= WATCH_MS && leftBytes * ms > SLOW_MS * Math.max(bytes, 1);
}

/** Sends files to the staging folder over SSH, or has the board fetch them from the hub once SSH turns out slow. */
export async function sendFiles(job: SendJob, files: readonly RuntimeFile[]): Promise<void> {
  const done = await overSsh(job, files, job.road !== undefined);
  const rest = files.slice(done);
  if (rest.length === 0) return;
  const { road, operation } = job;
  try {
    if (road !== undefined) return await fromHub(job, road, rest);
  } catch (error) {
    if (!(error instanceof FleetError) || operation.signal.aborted) throw error;
    operation.log("warning", `${error.message}; what is left goes over SSH`);
  }
  await overSsh(job, rest, false);
}

/** Resolves to how many arrived: not all where the connection is watched and slow. */
async function overSsh(
  { connection, operation }: SendJob,
  files: readonly RuntimeFile[],
  isWatched: boolean,
): Promise<number> {
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const slow = new AbortController();
  let doneBytes = 0;
  let begin: { bytes: number; ms: number } | null = null;
  for (const [index, file] of files.entries()) {
    const onProgress = (ofFile: number): void => {
      const sentBytes = doneBytes + ofFile;
      operation.status(sendingText("the runtime", sentBytes, totalBytes));
      // What was on the board from an earlier attempt was not sent.
      begin ??= { bytes: sentBytes, ms: performance.now() };
      const bytes = sentBytes - begin.bytes;
      if (isWatched && isSlow(bytes, performance.now() - begin.ms, totalBytes - sentBytes))
        slow.abort(new FleetError("CANCELLED", "The connection is slow"));
    };
    try {
      await uploadFile(connection, {
        source: { path: file.path },
        remotePath: `${STAGING}/${file.name}`,
        ...{ mode: file.mode, digest: file.digest, onProgress },
        signal: AbortSignal.any([operation.signal, slow.signal]),
        onRetry: ({ message }) => operation.log("warning", `${message}; going on where it ended`),
      });
    } catch (error) {
      if (slow.signal.aborted && !operation.signal.aborted) return index;
      throw error;
    }
    doneBytes += file.sizeBytes;
  }
  return files.length;
}

async function fromHub(
  { connection, operation }: SendJob,
  road: HubRoad,
  files: readonly RuntimeFile[],
): Promise<void> {
  operation.status("SSH is slow: bringing the runtime to the hub, for the board to fetch");
  try {
    const offer = await road.open(files);
    const { signal } = operation;
    for (const file of files) {
      operation.status(`the board fetches ${file.name} from the hub`);
      const script = fetchFileScript(offer, file);
      await runAsRoot(connection, script, {
        label: "fetching the runtime",
        signal,
        timeoutMs: FETCH_MS,
      });
    }
  } finally {
    await road.close();
  }
}
