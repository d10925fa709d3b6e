import type { Client, ClientChannel } from "ssh2";
import { FleetError } from "../errors/index.ts";
import { startDeadline } from "./deadline.ts";
import { abortFailure, connectionLost } from "./failure.ts";

export interface ExecOptions {
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Sent to standard input, which is then closed. The way for secrets: argv can be read by others. */
  input?: string | Buffer;
  /** Standard output and error beyond this are dropped and `truncated` is set. */
  maxOutputBytes?: number;
  /** Names the command in errors when its text would not help a person. */
  label?: string;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  /** null when a signal ended the command. */
  exitCode: number | null;
  /** Such as `KILL`, without SIG; null when the command exited. */
  signal: string | null;
  truncated: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_OUTPUT_BYTES = 1 << 20;

export async function execCommand(
  client: Client,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const doing = `running ${shorten(options.label ?? command)}`;
  using deadline = startDeadline(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, doing, options.signal);
  const { signal } = deadline;
  return await new Promise<ExecResult>((resolve, reject) => {
    let channel: ClientChannel | undefined;
    const onAbort = () => {
      // OpenSSH forwards the signal; other servers end the command when its channel goes.
      channel?.signal("KILL");
      channel?.close();
      client.off("close", onClose);
      reject(abortFailure(signal, doing));
    };
    const onClose = () => {
      signal.removeEventListener("abort", onAbort);
      reject(connectionLost(doing));
    };
    const settle = (outcome: ExecResult | FleetError) => {
      signal.removeEventListener("abort", onAbort);
      client.off("close", onClose);
      if (outcome instanceof FleetError) reject(outcome);
      else resolve(outcome);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    client.once("close", onClose);
    try {
      client.exec(command, (error, opened) => {
        if (error) return settle(connectionLost(doing, error));
        channel = opened;
        if (signal.aborted) return onAbort();
        collect(opened, options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES, (result) =>
          settle(result ?? connectionLost(doing)),
        );
        opened.end(options.input ?? "");
      });
    } catch (error) {
      settle(connectionLost(doing, error));
    }
  });
}

/** Calls back with the result, or with null when the channel closed before the command ended. */
function collect(
  channel: ClientChannel,
  maxBytes: number,
  done: (result: ExecResult | null) => void,
): void {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let bytes = 0;
  let truncated = false;
  const keep = (parts: Buffer[]) => (data: Buffer) => {
    const room = Math.max(0, maxBytes - bytes);
    truncated ||= data.length > room;
    bytes += Math.min(room, data.length);
    if (room > 0) parts.push(data.subarray(0, room));
  };
  let ended: { exitCode: number | null; signal: string | null } | null = null;
  channel.on("data", keep(out));
  channel.stderr.on("data", keep(err));
  channel.on("error", () => {});
  channel.on("exit", (code: number | null, signalName?: string) => {
    ended = { exitCode: code, signal: signalName?.replace(/^SIG/, "") ?? null };
  });
  channel.on("close", () => {
    const stdout = Buffer.concat(out).toString("utf8");
    const stderr = Buffer.concat(err).toString("utf8");
    done(ended && { stdout, stderr, ...ended, truncated });
  });
}

/** Throws SSH_COMMAND_FAILED unless the command exited with 0. */
export function requireSuccess(result: ExecResult, command: string): ExecResult {
  if (result.exitCode === 0) return result;
  const got = result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-500);
  throw new FleetError(
    "SSH_COMMAND_FAILED",
    `Expected \`${shorten(command)}\` to exit with 0 but got ${got}${said ? `: ${said}` : ""}`,
    { context: { exitCode: result.exitCode, signal: result.signal } },
  );
}

/** One argument for a POSIX shell. */
export function quoteArgument(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function shorten(command: string): string {
  const line = command.replaceAll(/\s+/g, " ");
  return line.length <= 120 ? line : `${line.slice(0, 117)}…`;
}
