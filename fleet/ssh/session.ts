import type { ExecOptions, ExecResult } from "./exec.ts";

/** Commands on one board. A connection is one; the pool's connects anew for the next command after one was lost. */
export interface SshSession {
  readonly address: string;
  /** Fingerprint of the key that the board proved to own. */
  readonly hostKey: string;
  /** Whether the next command goes over a new connection after one was lost. */
  readonly reconnects: boolean;
  /** For logins whom sudo asks for it. */
  readonly sudoPassword: string | undefined;
  /** Runs a command and says how it ended, whatever its exit code. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** Runs a command that must exit with 0 and returns its standard output. */
  run(command: string, options?: ExecOptions): Promise<string>;
  /** Gives the connection up without waiting for anybody: nothing comes from the other side any more. */
  drop(): void;
}
