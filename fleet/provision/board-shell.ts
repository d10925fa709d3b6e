import { FleetError } from "../errors/index.ts";
import type { SshConnection } from "../ssh/index.ts";

export interface ScriptOptions {
  /** Names the script in errors. */
  label: string;
  timeoutMs?: number;
  signal: AbortSignal;
}

const AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec sh -s; else exec sudo -n sh -s; fi';

/**
 * Runs a POSIX shell script as root and returns what it printed. The script travels on standard input, so
 * it may hold secrets: nothing of it appears in a process list.
 */
export async function runAsRoot(
  connection: SshConnection,
  script: string,
  options: ScriptOptions,
): Promise<string> {
  try {
    return await connection.run(AS_ROOT, { ...options, input: `set -eu\n${script}\n` });
  } catch (error) {
    if (!(error instanceof FleetError) || !/sudo:.*password/.test(error.message)) throw error;
    throw new FleetError(error.code, error.message, {
      cause: error,
      hint: "Allow the SSH user to use sudo without password, or connect as root.",
    });
  }
}
