import { get as httpGet, type IncomingMessage, type RequestOptions } from "node:http";
import { get as httpsGet } from "node:https";
import { FleetError } from "../../errors/index.ts";

export interface GetOptions {
  url: string;
  headers: Record<string, string>;
  /** The server must begin to answer within this time. */
  firstByteMs: number;
  signal: AbortSignal;
}

/**
 * One GET, resolved with the response once its head is there (Node 16 has no fetch). Redirects are not
 * followed: they would carry the request to an origin that nobody signed.
 */
export function httpRequest(options: GetOptions): Promise<IncomingMessage> {
  const send = options.url.startsWith("https://") ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    const requestOptions: RequestOptions = { headers: options.headers, signal: options.signal };
    // A connection of its own: on Node 16 a pooled one that the server has closed would fail the request.
    const request = send(options.url, { ...requestOptions, agent: false }, (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    const timer = setTimeout(() => {
      request.destroy(noAnswer(options));
    }, options.firstByteMs);
    request.on("error", (cause) => {
      clearTimeout(timer);
      reject(connectionError(cause, options));
    });
  });
}

function noAnswer({ url, firstByteMs }: GetOptions): FleetError {
  return new FleetError("ARTIFACT_FETCH", `No answer from ${originOf(url)} in ${firstByteMs} ms`);
}

function connectionError(cause: Error, { url, signal }: GetOptions): FleetError {
  if (cause instanceof FleetError) return cause;
  if (signal.aborted) return new FleetError("CANCELLED", "Download cancelled", { cause });
  const message = `Cannot fetch from ${originOf(url)}: ${cause.message}`;
  return new FleetError("ARTIFACT_FETCH", message, { cause });
}

/** Scheme, host and port of a URL: what may be shown and what decides who gets the password. */
export function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
