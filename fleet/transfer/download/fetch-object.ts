import { FleetError, isFleetError } from "../../errors/index.ts";
import { type BackoffRange, backoffMs, throwIfAborted, wait } from "../backoff.ts";
import { type DownloadRequest, downloadOnce } from "./download.ts";

export interface FetchOptions extends Omit<DownloadRequest, "url" | "connector"> {
  /** Where the object lies, asked before each attempt: the hub may move while a device waits for it. */
  where: () => Pick<DownloadRequest, "url" | "connector">;
  backoff: BackoffRange;
  /** Called before each new attempt with what ended the last one. */
  onRetry: (error: FleetError, waitMs: number) => void;
}

/** Wrong bytes may come from a proxy or a bad link, so they are fetched again, but not for ever. */
const MAX_WRONG_DIGESTS = 3;

/**
 * Downloads until the object is there. What may pass by itself (network, a busy hub, an object not yet
 * uploaded) is retried without end, with backoff, and reported each time; a newer desired document or the end
 * of the agent cancels it. What cannot pass (a refusal, wrong bytes again and again) is thrown.
 */
export async function fetchObject(options: FetchOptions): Promise<void> {
  let wrongDigests = 0;
  for (let attempt = 0; ; attempt += 1) {
    let progressed = false;
    try {
      await downloadOnce({
        ...options,
        ...options.where(),
        onProgress: (bytes) => {
          progressed = true;
          options.onProgress(bytes);
        },
      });
      return;
    } catch (error) {
      throwIfAborted(options.signal);
      if (isFleetError(error, "ARTIFACT_DIGEST")) wrongDigests += 1;
      if (!isRetryable(error) || wrongDigests >= MAX_WRONG_DIGESTS) throw error;
      if (progressed) attempt = 0;
      const waitMs = waitBefore(error, attempt, options.backoff);
      options.onRetry(error, waitMs);
      await wait(waitMs, options.signal);
    }
  }
}

function isRetryable(error: unknown): error is FleetError {
  return error instanceof FleetError && error.retryable && error.code !== "CANCELLED";
}

function waitBefore(error: FleetError, attempt: number, range: BackoffRange): number {
  const asked = error.context["retryAfterMs"];
  const own = backoffMs(attempt, range);
  return typeof asked === "number" ? Math.max(asked, own) : own;
}
