import { z } from "zod";
import { asFleetError, FleetError } from "../../fleet/errors/index.ts";
import { backoffMs, wait } from "../../fleet/transfer/backoff.ts";
import type { Connector } from "../../fleet/transfer/connector.ts";
import { type HttpAnswer, readBody } from "../../fleet/transfer/http/http-request.ts";
import {
  createKey,
  IssuedCertificate,
  requestFor,
} from "../../fleet/transfer/identity/certificate-request.ts";
import type { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import type { Log } from "../report/log.ts";

export interface RenewalOptions {
  connector: Connector;
  file: IdentityFile;
  hubUrl: string;
  log: Log;
  /** The new certificate is on disk; from here on connections show it. */
  onRenewed: () => void;
}

const State = z.object({ serial: z.string(), renewInMs: z.number().nonnegative() });
/** The hub is asked this often at least, in case its mind has changed. */
const LONGEST_WAIT_MS = 24 * 3600 * 1000;
const BACKOFF = { baseMs: 1000, capMs: 600_000 };
const ANSWER_MS = 15_000;
const MAX_ANSWER_BYTES = 64 << 10;

/**
 * Renews the device's certificate before it ends. When that is the hub says, for the hub is who will judge the
 * certificate and its clock is the one that counts; the device only waits, which needs no right time.
 */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#keepFresh();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #keepFresh(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; ) {
      let waitMs: number;
      try {
        waitMs = Math.min(LONGEST_WAIT_MS, await this.#askOrRenew());
        attempt = 0;
      } catch (error) {
        waitMs = backoffMs(attempt, BACKOFF);
        attempt += 1;
        if (!signal.aborted)
          this.#options.log.warn("the certificate cannot be looked after", reasonOf(error, waitMs));
      }
      await wait(waitMs, signal).catch(() => undefined);
    }
  }

  /** Milliseconds until it is to be asked again. */
  async #askOrRenew(): Promise<number> {
    const { renewInMs } = State.parse(await this.#exchange("GET"));
    if (renewInMs > 0) return renewInMs;
    const { file, connector, log, onRenewed } = this.#options;
    const { peer } = connector.identity;
    const keyPem = createKey();
    const body = JSON.stringify(requestFor(peer, keyPem));
    const { certificate, ca } = IssuedCertificate.parse(await this.#exchange("POST", body));
    // On disk before it is shown: the hub drops the older one when it sees the newer.
    const { serial } = await file.replace({ keyPem, certificatePem: certificate, caPem: ca }, peer);
    log.info("the certificate is renewed", { serial });
    onRenewed();
    return 0;
  }

  async #exchange(method: "GET" | "POST", body?: string): Promise<unknown> {
    const { connector, hubUrl } = this.#options;
    const answer = await connector.http({
      method,
      url: `${hubUrl.replace(/\/*$/, "")}/certificate`,
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
      firstByteMs: ANSWER_MS,
      signal: this.#stop.signal,
    });
    const bytes = await readBody(answer, MAX_ANSWER_BYTES);
    requireSuccess(answer);
    return JSON.parse(bytes.toString("utf8")) as unknown;
  }
}

function requireSuccess({ statusCode }: HttpAnswer): void {
  if (statusCode === 200) return;
  throw new FleetError("HUB_REFUSED", `The hub answered the renewal with HTTP ${statusCode}`);
}

function reasonOf(error: unknown, retryInMs: number): { reason: string; retryInMs: number } {
  return { reason: asFleetError(error, "renewing the certificate").message, retryInMs };
}
