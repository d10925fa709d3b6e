import { FleetError } from "../errors/index.ts";
import { refusalOf } from "./certificate/refusal.ts";
import type { Login } from "./login.ts";

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
  login: Login;
}

/** A connect failure of ssh2 as a FleetError; only what may pass by itself is retryable, never a refused key. */
export function connectFailure(error: unknown, { address, user, login }: Attempt): FleetError {
  const cause = error as Ssh2Error;
  const message = cause.message ?? String(error);
  if (cause.level === "client-authentication") return refusedLogin(login, address, user, cause);
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

function refusedLogin(login: Login, address: string, user: string, cause: Error): FleetError {
  const offered = login.offered.join(", ") || "nothing";
  if (login.wantsMore !== null) {
    const question = login.question === null ? "" : ` ("${login.question}")`;
    return new FleetError(
      "SSH_AUTH",
      `Expected ${address} to let ${user} in with ${login.accepted} but it took that and still asks for ` +
        `${login.wantsMore.join(" or ")}${question}`,
      {
        cause,
        hint:
          "A program cannot answer a second factor. Set ssh.password if it is the password that is asked for, or exempt " +
          `the login on the board: \`Match User ${user}\` with \`AuthenticationMethods publickey\` in /etc/ssh/sshd_config.`,
      },
    );
  }
  const key = `add the key's public half to ~${user}/.ssh/authorized_keys on the board (ssh-copy-id does)`;
  const refusals = login.certificates.map((one) => refusalOf(one, user, Date.now()));
  const telling = refusals.find(({ reason }) => reason !== null);
  if (telling) {
    return new FleetError(
      "SSH_CERTIFICATE",
      `Expected ${address} to accept ${offered} for user ${user} but it refused; ${telling.reason}`,
      { cause, hint: telling.hint },
    );
  }
  if (login.question !== null) {
    const byKey = login.offered.length > 0 ? key : "use a key";
    return new FleetError(
      "SSH_AUTH",
      `Expected ${address} to let ${user} in with ${offered} but it asks "${login.question}"`,
      { cause, hint: `Set ssh.password if that is what is asked for, or ${byKey}.` },
    );
  }
  const wanted = login.wanted.length > 0 ? `; it takes ${login.wanted.join(", ")}` : "";
  const unused = login.unusedCertificate === null ? "" : `. ${login.unusedCertificate}`;
  return new FleetError(
    "SSH_AUTH",
    `Expected ${address} to accept ${offered} for user ${user} but it refused${wanted}${unused}`,
    { cause, hint: refusals[0]?.hint ?? `Check ssh.user and what it logs in with, or ${key}.` },
  );
}

/** A jump host that does not pass on. */
export function forwardFailure(cause: Error, address: string): FleetError {
  const text = cause.message.replace("(SSH) Channel open failure: ", "");
  // RFC 4254 §5.1: 1 is "administratively prohibited", 2 is "connect failed".
  if ((cause as { reason?: unknown }).reason === 1 || /prohibited/i.test(text)) {
    return new FleetError(
      "SSH_REFUSED",
      `Expected the jump host to pass on to ${address} but it forbids that: ${text}`,
      { cause, hint: "Allow it in sshd_config of the jump host: AllowTcpForwarding, PermitOpen." },
    );
  }
  return new FleetError(
    "SSH_UNREACHABLE",
    `Expected the jump host to reach ${address} but got: ${text}`,
    { cause, retryable: true },
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

/** The server holds the connection and lets no command run over it. */
export function refusedChannel(doing: string, cause: unknown): FleetError {
  return new FleetError(
    "SSH_REFUSED",
    `Expected the board's SSH server to let a session in while ${doing} but it refused the only one`,
    {
      cause,
      hint: "See MaxSessions in /etc/ssh/sshd_config on the board (1 is enough), and what authorized_keys says before the key.",
    },
  );
}

/** Something else than our command ran: a login without shell, a forced command, a start-up file that ends the shell. */
export function noShell(
  doing: string,
  how: { exitCode: number | null; signal: string | null },
  said: string,
): FleetError {
  const end = how.signal === null ? `exit code ${how.exitCode}` : `signal ${how.signal}`;
  const text = said.trim().slice(0, 300);
  return new FleetError(
    "SSH_REFUSED",
    `Expected the login's shell to run commands while ${doing} but got ${end} and ${text ? `: ${text}` : "no word"}`,
    {
      hint: "`ssh USER@BOARD sh -c true` must work: give the login a shell (chsh), no ForceCommand, and no exit in its start-up files.",
    },
  );
}

/** The error of an aborted signal: the deadline's own FleetError when it carries one, else a cancellation. */
export function abortFailure(signal: AbortSignal, doing: string): FleetError {
  if (signal.reason instanceof FleetError) return signal.reason;
  return new FleetError("CANCELLED", `Cancelled while ${doing}`, { cause: signal.reason });
}
