import { setTimeout as sleep } from "node:timers/promises";
import ssh2, { type Client } from "ssh2";
import { FleetError } from "../errors/index.ts";
import { startDeadline } from "./deadline.ts";
import { type ExecOptions, type ExecResult, execCommand, requireSuccess } from "./exec.ts";
import { abortFailure, connectFailure } from "./failure.ts";
import { fingerprintOf, HOST_KEY_FAMILIES, keyTypeOf } from "./host-key.ts";
import { readPrivateKey } from "./private-key.ts";

export interface SshTarget {
  host: string;
  port: number;
  user: string;
  /** Read anew for every connection; a leading ~ is the home folder. */
  privateKeyPath: string;
  /** Pinned fingerprint (`SHA256:…`). When absent, whatever the server shows is accepted and reported. */
  hostKey?: string | undefined;
}

export interface ConnectOptions {
  /** For all attempts together. */
  deadlineMs?: number;
  /** For one attempt, up to the end of authentication. */
  attemptMs?: number;
  signal?: AbortSignal | undefined;
  onRetry?: ((error: FleetError, delayMs: number) => void) | undefined;
}

const KEEPALIVE_INTERVAL_MS = 5_000;
const KEEPALIVE_COUNT = 3;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 4_000;

/** An authenticated connection. Whoever made it closes it. */
export class SshConnection {
  readonly client: Client;
  /** Fingerprint of the key the server proved to own. */
  readonly hostKey: string;
  readonly address: string;
  #open = true;

  constructor(client: Client, hostKey: string, address: string) {
    this.client = client;
    this.hostKey = hostKey;
    this.address = address;
    client.on("close", () => {
      this.#open = false;
    });
    // After the handshake every step reports a lost connection itself; without a listener Node would end.
    client.on("error", () => {});
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Runs a command and says how it ended, whatever its exit code. */
  exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    return execCommand(this.client, command, options);
  }

  /** Runs a command that must exit with 0 and returns its standard output. */
  async run(command: string, options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(command, options);
    return requireSuccess(result, options.label ?? command).stdout;
  }

  close(): void {
    this.client.end();
  }
}

/** Connects, trying again only after failures that may pass by themselves. */
export async function connectSsh(
  target: SshTarget,
  options: ConnectOptions = {},
): Promise<SshConnection> {
  const address = `${target.host}:${target.port}`;
  using deadline = startDeadline(
    options.deadlineMs ?? 30_000,
    `connecting to ${address}`,
    options.signal,
  );
  let lastError: FleetError | undefined;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 1.6, MAX_DELAY_MS)) {
    try {
      return await connectOnce(target, options.attemptMs ?? 10_000, deadline.signal);
    } catch (error) {
      if (!(error instanceof FleetError) || !error.retryable) throw error;
      // When time runs out, the reason of the last attempt says more than "timed out".
      if (deadline.signal.aborted && !options.signal?.aborted) throw lastError ?? error;
      if (deadline.signal.aborted) throw error;
      lastError = error;
      options.onRetry?.(error, delayMs);
    }
    try {
      await sleep(delayMs, undefined, { signal: deadline.signal });
    } catch {
      if (options.signal?.aborted) throw abortFailure(deadline.signal, `connecting to ${address}`);
      throw lastError;
    }
  }
}

async function connectOnce(
  target: SshTarget,
  attemptMs: number,
  signal: AbortSignal,
): Promise<SshConnection> {
  const first = await handshake(target, attemptMs, signal, undefined);
  if (first instanceof SshConnection) return first;
  for (const family of HOST_KEY_FAMILIES) {
    if ((family as readonly string[]).includes(first.keyType)) continue;
    const other = await handshake(target, attemptMs, signal, family).catch(() => undefined);
    if (other instanceof SshConnection) return other;
  }
  throw new FleetError(
    "SSH_HOST_KEY_MISMATCH",
    `Expected host key ${target.hostKey} at ${target.host}:${target.port} but got ${first.fingerprint}`,
    { context: { expected: target.hostKey, got: first.fingerprint } },
  );
}

interface OtherHostKey {
  keyType: string;
  fingerprint: string;
}

/** One TCP connection and handshake; resolves with the key that was shown when it is not the pinned one. */
async function handshake(
  target: SshTarget,
  attemptMs: number,
  signal: AbortSignal,
  hostKeyAlgorithms: readonly string[] | undefined,
): Promise<SshConnection | OtherHostKey> {
  const privateKey = await readPrivateKey(target.privateKeyPath);
  const address = `${target.host}:${target.port}`;
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let shown: OtherHostKey | undefined;
    let refused = false;
    const finish = (settle: () => void) => {
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = () => {
      client.destroy();
      finish(() => reject(abortFailure(signal, `connecting to ${address}`)));
    };
    const onFailure = (error: unknown) => {
      client.destroy();
      if (refused && shown) {
        const other = shown;
        finish(() => resolve(other));
      } else finish(() => reject(connectFailure(error, { ...target, address })));
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("error", onFailure);
    client.on("close", () => onFailure(new Error("connection lost before the handshake ended")));
    client.on("ready", () => {
      client.removeAllListeners();
      const connection = new SshConnection(client, shown?.fingerprint ?? "", address);
      finish(() => resolve(connection));
    });
    client.connect({
      host: target.host,
      port: target.port,
      username: target.user,
      privateKey,
      readyTimeout: attemptMs,
      keepaliveInterval: KEEPALIVE_INTERVAL_MS,
      keepaliveCountMax: KEEPALIVE_COUNT,
      hostVerifier: (key: Buffer) => {
        shown = { keyType: keyTypeOf(key), fingerprint: fingerprintOf(key) };
        refused = target.hostKey !== undefined && target.hostKey !== shown.fingerprint;
        return !refused;
      },
      ...(hostKeyAlgorithms && {
        algorithms: { serverHostKey: [...hostKeyAlgorithms] as ssh2.ServerHostKeyAlgorithm[] },
      }),
    });
  });
}
