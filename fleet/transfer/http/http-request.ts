import { request as httpRequestOf, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequestOf } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { HubTls } from "../identity/client-tls.ts";
import { tunnelFor } from "./proxy.ts";

/** An answer whose head has come; its body is read from it. */
export type HttpAnswer = IncomingMessage;

export interface HttpRequest {
  method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  url: string;
  headers?: Record<string, string | number>;
  body?: string | AsyncIterable<Uint8Array>;
  /** How to prove oneself and whom to believe; absent for an origin that is not the hub. */
  tls?: HubTls;
  /** The answer must begin within this time; null where the caller watches progress itself, as of an upload. */
  firstByteMs: number | null;
  signal?: AbortSignal;
}

/** No answer came: `reason` for people, `late` when it is because of the deadline. */
export class NoAnswer extends Error {
  readonly late: boolean;

  constructor(reason: string, late: boolean, cause?: unknown) {
    super(reason);
    this.name = "NoAnswer";
    this.late = late;
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause });
  }
}

/**
 * One request, resolved with the answer once its head is there (Node 16 has no fetch). Redirects are not followed: they
 * would carry the request to an origin that nobody named. Throws NoAnswer, or what the TLS check threw.
 */
export async function httpRequest(request: HttpRequest): Promise<IncomingMessage> {
  const { url, method, headers = {}, signal, tls = {} } = request;
  const send = url.startsWith("https://") ? httpsRequestOf : httpRequestOf;
  const options: RequestOptions = {
    ...tls,
    method,
    headers,
    // A connection of its own: on Node 16 a pooled one that the server has closed would fail the request, and the
    // next connection is to show the newest certificate.
    agent: tunnelFor(url) ?? false,
    ...(signal ? { signal } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = send(url, options, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    const { firstByteMs } = request;
    const timer =
      firstByteMs === null
        ? undefined
        : setTimeout(
            () => outgoing.destroy(new NoAnswer(`no answer in ${firstByteMs} ms`, true)),
            firstByteMs,
          );
    outgoing.on("error", (error: Error) => {
      clearTimeout(timer);
      reject(isOurs(error) ? error : new NoAnswer(reasonOf(error), false, error));
    });
    sendBody(outgoing, request.body);
  });
}

function sendBody(outgoing: NodeJS.WritableStream, body: HttpRequest["body"]): void {
  if (body === undefined || typeof body === "string") {
    outgoing.end(body ?? "");
    return;
  }
  // A failure of the connection is heard by the listener above; one of the source ends the request.
  pipeline(Readable.from(body), outgoing).catch(() => undefined);
}

/** What `checkServerIdentity` found: it is said as it is. */
function isOurs(error: Error): boolean {
  return error instanceof NoAnswer || error.name === "FleetError";
}

/** Of an attempt at several addresses, the first reason. */
function reasonOf(error: Error): string {
  const inner =
    "errors" in error && Array.isArray(error.errors) ? (error.errors as unknown[])[0] : error;
  return inner instanceof Error && inner.message ? inner.message : error.message;
}

/** Scheme, host and port of a URL: what may be shown, and what decides who gets to see a certificate. */
export function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** The whole body, for answers that are short; throws NoAnswer when it is longer than that or breaks off. */
export async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new NoAnswer(`an answer of more than ${maxBytes} bytes`, false);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof NoAnswer
      ? error
      : new NoAnswer(error instanceof Error ? error.message : String(error), false, error);
  } finally {
    answer.destroy();
  }
  return Buffer.concat(chunks);
}
