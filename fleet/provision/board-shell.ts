import type { ExecOptions, SshSession } from "../ssh/index.ts";
import { asRoot, type Rise } from "./rise.ts";

export interface ScriptOptions extends Pick<ExecOptions, "timeoutMs" | "onOutput"> {
  /** Names the script in errors. */
  label: string;
  signal: AbortSignal;
}

/** Where useradd is. A login's PATH lacks it, and sudo adds it only where its secure_path says so. */
const TOOLS_OF_ROOT = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH";

/** How each session's login becomes root: asked once, for all that share it. */
const rises = new WeakMap<SshSession, Promise<Rise>>();

/**
 * Runs a POSIX shell script as root and returns what it printed. The script travels on standard input, so
 * it may hold secrets: nothing of it appears in a process list. Files that it makes are readable for all unless it sets
 * a umask of its own, whatever that of the login is.
 */
export async function runAsRoot(
  session: SshSession,
  script: string,
  options: ScriptOptions,
): Promise<string> {
  const rise = rises.get(session) ?? asRoot(session, options.signal);
  rises.set(session, rise);
  // A question that failed is asked again.
  rise.catch(() => rises.delete(session));
  const { command, before } = await rise;
  return await session.run(command, {
    ...options,
    input: `${before}umask 022\n${TOOLS_OF_ROOT}\nset -eu\n${script}\n`,
  });
}
