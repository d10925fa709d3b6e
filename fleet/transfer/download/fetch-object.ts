import { performance } from "node:perf_hooks";
import { FleetError, isFleetError } from "../../errors/index.ts";
import { type BackoffRange, backoffMs, throwIfAborted, wait } from "../backoff.ts";
import { type DownloadRequest, downloadOnce } from "./download.ts";

export interface FetchOptions extends Omit<DownloadRequest, "url" | "connector"> {
  /** Where the object lies, asked before each attempt: the hub may move while a device waits for it. */
  where: () => Pick<DownloadRequest, "url" | "connector">;
  backoff: BackoffRange;
  /** How long nothing but wrong bytes may come; a day unless said otherwise. */
  wrongForMs?: number;
  /** Called before each new attempt with what ended the last one. */
  onRetry: (error: FleetError, waitMs: number) => void;
}

/** Wrong bytes come from a captive portal, a proxy or a bad link, which heal: a day of nothing else is no such thing. */
const WRONG_FOR_MS = 24 * 3_600_000;
/** What the hub itself sends wrong, by its certificate, lies there wrong until somebody sends it again. */
const WRONG_OF_THE_HUB = 3;
/** Each may cost the whole object on a metered link, so they are asked for this much more rarely than what is missing. */
const WRONG_PAUSE = 10;

/**
 * Downloads until the object is there. What may pass by itself (network, a busy hub, an object not yet uploaded, a page
 * of somebody else's in its place) is retried with backoff, and reported each time; a newer desired document or the end
 * of the agent cancels it. What cannot pass (a refusal, wrong bytes of the hub itself, nothing but wrong ones for a day)
 * is thrown.
 */
export async function fetchObject(options: FetchOptions): Promise<void> {
  const { wrongForMs = WRONG_FOR_MS } = options;
  let wrongSinceMs: number | null = null;
  let wrongs = 0;
  for (let attempt = 0; ; attempt += 1) {
    let progressed = false;
    const where = options.where();
    try {
      await downloadOnce({
        ...options,
        ...where,
        onProgress: (bytes) => {
          progressed = true;
          options.onProgress(bytes);
        },
      });
      return;
    } catch (error) {
      throwIfAborted(options.signal);
      if (!isRetryable(error)) throw error;
      const isWrong = isFleetError(error, "ARTIFACT_DIGEST");
      wrongSinceMs = isWrong ? (wrongSinceMs ?? performance.now()) : null;
      if (wrongSinceMs !== null && performance.now() - wrongSinceMs >= wrongForMs) throw error;
      wrongs = isWrong ? wrongs + 1 : 0;
      if (wrongs >= WRONG_OF_THE_HUB && where.connector !== null) throw error;
      if (progressed) attempt = 0;
      const { baseMs, capMs } = options.backoff;
      const waitMs = isWrong
        ? backoffMs(wrongs, { baseMs, capMs: capMs * WRONG_PAUSE })
        : waitBefore(error, attempt, options.backoff);
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
