import { FleetError } from "../errors/index.ts";

/** What ssh2 puts on its errors beside the message. */
interface Ssh2Error extends Error {
  level?: string;
  code?: string | number;
}

/** Transport errors after which the same address may answer a moment later. */
const PASSING_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "EAI_AGAIN",
]);

/** Who wanted to connect where. */
export interface Attempt {
  address: string;
  user: string;
  privateKeyPath: string;
}

/** A connect failure of ssh2 as a FleetError; only what may pass by itself is retryable, never a refused key. */
export function connectFailure(error: unknown, attempt: Attempt): FleetError {
  const { address, user, privateKeyPath } = attempt;
  const cause = error as Ssh2Error;
  const message = cause.message ?? String(error);
  if (cause.level === "client-authentication") {
    return new FleetError(
      "SSH_AUTH",
      `Expected ${address} to accept the key ${privateKeyPath} for user ${user} but it refused it`,
      {
        cause,
        hint:
          "Check ssh.user and ssh.privateKeyPath, or add the key's public half to " +
          `~${user}/.ssh/authorized_keys on the board (ssh-copy-id does).`,
      },
    );
  }
  if (cause.level === "client-timeout") {
    return new FleetError(
      "SSH_TIMEOUT",
      `Expected ${address} to finish the SSH handshake but it did not answer in time`,
      { cause },
    );
  }
  const passing =
    PASSING_CODES.has(String(cause.code)) || /connection lost|ECONNRESET|ended/i.test(message);
  return new FleetError(
    "SSH_UNREACHABLE",
    `Expected an SSH server at ${address} but got: ${message}`,
    { cause, retryable: passing },
  );
}

/** A connection that ended while something was still going on over it. */
export function connectionLost(doing: string, cause?: unknown): FleetError {
  return new FleetError(
    "SSH_UNREACHABLE",
    `Expected the connection to hold but it ended while ${doing}`,
    cause === undefined ? {} : { cause },
  );
}

/** The error of an aborted signal: the deadline's own FleetError when it carries one, else a cancellation. */
export function abortFailure(signal: AbortSignal, doing: string): FleetError {
  if (signal.reason instanceof FleetError) return signal.reason;
  return new FleetError("CANCELLED", `Cancelled while ${doing}`, { cause: signal.reason });
}
