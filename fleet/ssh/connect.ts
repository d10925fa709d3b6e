import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { FleetError } from "../errors/index.ts";
import { ChannelGate } from "./channel-gate.ts";
import { startDeadline } from "./deadline.ts";
import { type ExecOptions, type ExecResult, execCommand, requireSuccess } from "./exec.ts";
import { abortFailure } from "./failure.ts";
import { handshake } from "./handshake.ts";
import type { SshSession } from "./session.ts";
import { addressOf, type SshTarget } from "./target.ts";

export interface ConnectOptions {
  /** For all attempts together. */
  deadlineMs?: number;
  /** For one attempt, up to the end of authentication. */
  attemptMs?: number;
  signal?: AbortSignal | undefined;
  onRetry?: ((error: FleetError, delayMs: number) => void) | undefined;
}

/** For what was sent last to leave; then nobody waits. */
const CLOSE_MS = 500;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 4_000;

/** An authenticated connection. Whoever made it closes it. */
export class SshConnection implements SshSession {
  readonly client: Client;
  readonly hostKey: string;
  readonly address: string;
  readonly reconnects = false;
  readonly sudoPassword: string | undefined;
  readonly #gate = new ChannelGate();
  #open = true;

  constructor(client: Client, hostKey: string, target: SshTarget) {
    this.client = client;
    this.hostKey = hostKey;
    this.address = addressOf(target);
    this.sudoPassword = target.sudoPassword;
    client.on("close", () => {
      this.#open = false;
    });
    // After the handshake every step reports a lost connection itself; without a listener Node would end.
    client.on("error", () => {});
    // Each command listens for its end, and those wait that have no channel yet.
    client.setMaxListeners(0);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    return execCommand(this.client, this.#gate, command, options);
  }

  async run(command: string, options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(command, options);
    return requireSuccess(result, options.label ?? command).stdout;
  }

  /** Ends it with a word to the other side, which may not be there any more. */
  close(): void {
    this.client.end();
    setTimeout(() => this.drop(), CLOSE_MS).unref();
  }

  drop(): void {
    this.#open = false;
    this.client.destroy();
  }
}

/** Connects, trying again only after failures that may pass by themselves. */
export async function connectSsh(
  target: SshTarget,
  options: ConnectOptions = {},
): Promise<SshConnection> {
  const address = addressOf(target);
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

/** To the target by way of its jump hosts, which go when it goes. */
async function connectOnce(
  { jumpHosts = [], ...target }: SshTarget,
  attemptMs: number,
  signal: AbortSignal,
): Promise<SshConnection> {
  const hops: SshConnection[] = [];
  const leave = () => {
    for (const hop of hops.toReversed()) hop.drop();
  };
  try {
    for (const hop of jumpHosts) {
      // Nobody keeps what key it shows, so it must be known.
      const known = { ...hop, acceptNewHostKey: false };
      const { client, hostKey } = await handshake(known, attemptMs, signal, hops.at(-1)?.client);
      hops.push(new SshConnection(client, hostKey, hop));
    }
    const { client, hostKey } = await handshake(target, attemptMs, signal, hops.at(-1)?.client);
    client.once("close", leave);
    return new SshConnection(client, hostKey, target);
  } catch (error) {
    leave();
    throw error;
  }
}
