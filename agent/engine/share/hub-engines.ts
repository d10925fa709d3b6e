import { createReadStream } from "node:fs";
import { z } from "zod";
import {
  EngineAnswer,
  type EngineAsk,
  type EngineAttestation,
  type EngineDispute,
  type EngineEnd,
  EngineLease,
  EngineOffered,
  type EngineProgress,
  type EngineStatement,
} from "../../../fleet/contract/index.ts";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../../fleet/errors/index.ts";
import { parseJson } from "../../../fleet/release/index.ts";
import { Text } from "../../../fleet/text/index.ts";
import { throwIfAborted } from "../../../fleet/transfer/backoff.ts";
import type { Connector } from "../../../fleet/transfer/connector.ts";
import { downloadOnce } from "../../../fleet/transfer/download/download.ts";
import type { FileLayer } from "../../../fleet/transfer/files/file-layer.ts";
import { type HttpRequest, readBody } from "../../../fleet/transfer/http/http-request.ts";

export interface HubEnginesOptions {
  connector: Connector;
  hubUrl: string;
  /** A hub that does not answer for so long is done without. */
  answerMs: number;
}

/** An answer holds one attestation at most. */
const MAX_ANSWER_BYTES = 128 << 10;
/** An engine may take long on its way, but not stand still for so long. */
const STALL_MS = 15_000;
const Problem = z.object({ code: z.string().max(64), message: Text.max(1000) });
const NOTHING = z.object({});

/** What the hub knows of engines, asked by this device. Each call has a deadline, and throws HUB_* and CANCELLED. */
export class HubEngines {
  readonly #options: HubEnginesOptions;

  constructor(options: HubEnginesOptions) {
    this.#options = options;
  }

  ask(key: string, ask: EngineAsk, signal: AbortSignal): Promise<EngineAnswer> {
    const lateMs = ask.waitMs;
    return this.#exchange(`${key}/ask`, ask, EngineAnswer, { signal, lateMs });
  }

  progress(key: string, told: EngineProgress, signal: AbortSignal): Promise<EngineLease> {
    return this.#exchange(`${key}/progress`, told, EngineLease, { signal });
  }

  async end(key: string, told: EngineEnd, signal: AbortSignal): Promise<void> {
    await this.#exchange(`${key}/end`, told, NOTHING, { signal });
  }

  async dispute(key: string, told: EngineDispute, signal: AbortSignal): Promise<void> {
    await this.#exchange(`${key}/dispute`, told, NOTHING, { signal });
  }

  /** Throws ENGINE_ATTESTATION, ENGINE_DISPUTED, ENGINE_QUOTA too. */
  offer(key: string, attestation: EngineAttestation, signal: AbortSignal): Promise<EngineOffered> {
    return this.#exchange(`${key}/offer`, attestation, EngineOffered, { signal, method: "PUT" });
  }

  /** Sends the bytes of an engine that was offered, from `fromBytes` on. Throws ENGINE_* as `offer` does. */
  async send(
    { keyDigest, digest, sizeBytes }: EngineStatement,
    path: string,
    fromBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    await limited(STALL_MS, signal, (limit) => {
      async function* body(): AsyncGenerator<Uint8Array> {
        for await (const bytes of createReadStream(path, { start: fromBytes })) {
          yield bytes as Uint8Array;
          limit.refresh();
        }
      }
      const request = {
        method: "PUT" as const,
        url: `${this.#urlOf(keyDigest)}/bytes/${digest}?from=${fromBytes}`,
        headers: {
          "content-type": "application/octet-stream",
          "content-length": sizeBytes - fromBytes,
        },
        body: body(),
        firstByteMs: null,
        signal: limit.signal,
      };
      return this.#request(request, EngineOffered, signal);
    });
  }

  /** One attempt to complete the part. Throws as `downloadOnce`. */
  fetch(
    { keyDigest, digest, sizeBytes }: EngineStatement,
    partPath: string,
    layer: FileLayer,
    { signal, onProgress }: { signal: AbortSignal; onProgress: (bytes: number) => void },
  ): Promise<void> {
    const url = `${this.#urlOf(keyDigest)}/bytes/${digest}`;
    const { connector } = this.#options;
    const wanted = { digest, sizeBytes, partPath, layer, stallMs: STALL_MS, signal, onProgress };
    return downloadOnce({ url, connector, ...wanted });
  }

  #urlOf(path: string): string {
    return `${this.#options.hubUrl.replace(/\/*$/, "")}/engines/${path}`;
  }

  async #exchange<Schema extends z.ZodType>(
    path: string,
    told: unknown,
    schema: Schema,
    { signal, lateMs = 0, method = "POST" }: Exchange,
  ): Promise<z.infer<Schema>> {
    const totalMs = lateMs + this.#options.answerMs;
    return await limited(totalMs, signal, (limit) => {
      const request = {
        ...{ method, url: this.#urlOf(path), body: JSON.stringify(told) },
        ...{ headers: { "content-type": "application/json" }, firstByteMs: totalMs },
        signal: limit.signal,
      };
      return this.#request(request, schema, signal);
    });
  }

  async #request<Schema extends z.ZodType>(
    request: HttpRequest & { signal: AbortSignal },
    schema: Schema,
    signal: AbortSignal,
  ): Promise<z.infer<Schema>> {
    throwIfAborted(signal);
    try {
      const answer = await this.#options.connector.http(request);
      // On Node 16 a request's own signal does not reach a body that is being read.
      const cancel = (): void => void answer.destroy();
      request.signal.addEventListener("abort", cancel);
      const bytes = await readBody(answer, MAX_ANSWER_BYTES).finally(() =>
        request.signal.removeEventListener("abort", cancel),
      );
      const value = parseJson(bytes.toString("utf8"));
      if ((answer.statusCode ?? 0) >= 300) throw refusal(answer.statusCode ?? 0, value);
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      throw unreachable("an answer that is not of this version");
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof FleetError) throw error;
      const { message } = error instanceof Error ? error : new Error(String(error));
      throw unreachable(request.signal.aborted ? "no answer in time" : message, error);
    }
  }
}

interface Limit {
  /** Aborted when the time is up, or what it was taken from is. */
  signal: AbortSignal;
  /** The time begins anew. */
  refresh: () => void;
}

async function limited<T>(
  ms: number,
  outer: AbortSignal,
  work: (limit: Limit) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = (): void => controller.abort();
  const timer = setTimeout(cancel, ms);
  outer.addEventListener("abort", cancel);
  try {
    return await work({ signal: controller.signal, refresh: () => void timer.refresh() });
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", cancel);
  }
}

interface Exchange {
  signal: AbortSignal;
  /** The hub may take so long to answer. */
  lateMs?: number;
  method?: "POST" | "PUT";
}

function refusal(status: number, value: unknown): FleetError {
  const { code, message } = Problem.safeParse(value).data ?? {};
  const known = code !== undefined && code in ERROR_CODES;
  const fallback = status >= 500 ? "HUB_UNREACHABLE" : "HUB_REFUSED";
  const text = message ?? `The hub answered HTTP ${status}`;
  return new FleetError(known ? (code as ErrorCode) : fallback, text);
}

function unreachable(got: string, cause?: unknown): FleetError {
  const message = `Expected the hub to answer but got: ${got} (while sharing engines)`;
  return new FleetError("HUB_UNREACHABLE", message, { cause });
}
