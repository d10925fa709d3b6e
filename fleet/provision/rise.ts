import { FleetError } from "../errors/index.ts";
import type { SshSession } from "../ssh/index.ts";

/** How a login runs a script as root. */
export interface Rise {
  /** Reads the script from standard input, behind what `before` says. */
  command: string;
  before: string;
}

/** Where a script begins, behind a password that sudo reads or, once it asks no more, does not. */
const BEGIN = "jetfleet-begin";

const WITH_PASSWORD = `sudo -S -p '' sh -c 'while IFS= read -r line; do [ "$line" != ${BEGIN} ] || break; done; exec sh -s'`;

/** One attempt: the pipe ends behind the password, so that sudo cannot take anything else for one. */
const TRY_PASSWORD =
  "IFS= read -r password; printf '%s\\n' \"$password\" | LC_ALL=C sudo -k -S -p '' true";

/** Finds out how the login becomes root; throws BOARD_ROOT with the true reason. */
export async function asRoot(session: SshSession, signal: AbortSignal): Promise<Rise> {
  const options = { signal, label: "becoming root" };
  const free = await session.exec('[ "$(id -u)" = 0 ] || LC_ALL=C sudo -n true', options);
  if (free.exitCode === 0) {
    const command = 'if [ "$(id -u)" = 0 ]; then exec sh -s; else exec sudo -n sh -s; fi';
    return { command, before: "" };
  }
  const { sudoPassword: password } = session;
  const asks = /password is required|a password|terminal is required/i.test(free.stderr);
  if (!asks || password === undefined) throw noRoot(session, free.stderr, asks);
  const tried = await session.exec(TRY_PASSWORD, { ...options, input: `${password}\n` });
  if (tried.exitCode !== 0) throw noRoot(session, tried.stderr, false);
  return { command: WITH_PASSWORD, before: `${password}\n${BEGIN}\n` };
}

function noRoot({ address }: SshSession, stderr: string, asks: boolean): FleetError {
  const said = stderr.trim().slice(-300);
  const hint = hintFor(said, asks);
  return new FleetError(
    "BOARD_ROOT",
    `Expected the login at ${address} to become root but got: ${said || "no word"}`,
    hint === undefined ? {} : { hint },
  );
}

function hintFor(said: string, asks: boolean): string | undefined {
  if (/must have a tty|no tty present/i.test(said)) {
    return "sudo wants a terminal (requiretty): add `Defaults:LOGIN !requiretty` with visudo on the board.";
  }
  if (/not found/i.test(said)) {
    return "There is no sudo on the board: set ssh.user to root, with a key in /root/.ssh/authorized_keys.";
  }
  if (asks) {
    return "Set ssh.sudoPassword to a secret, or allow the login to use sudo without password (NOPASSWD), or connect as root.";
  }
  if (/incorrect password|try again|no password was provided/i.test(said)) {
    return "Correct ssh.sudoPassword.";
  }
  return undefined;
}
