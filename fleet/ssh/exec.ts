import { randomBytes } from "node:crypto";
import type { Client, ClientChannel } from "ssh2";
import { FleetError } from "../errors/index.ts";
import { type ChannelGate, isRefusal } from "./channel-gate.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { abortFailure, connectionLost, noShell, refusedChannel } from "./failure.ts";
import { MarkedOutput } from "./marked-output.ts";
import { underSh } from "./shell-command.ts";

export interface ExecOptions {
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Sent to standard input, which is then closed. The way for secrets: argv can be read by others. */
  input?: string | Buffer | AsyncIterable<Buffer>;
  /** Hears standard output as it comes, and may begin the deadline anew. What it throws ends the command. */
  onOutput?: (data: Buffer, deadline: Deadline) => void;
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

/** Runs a command under `sh`, whatever the login's shell is and says by itself. */
export async function execCommand(
  client: Client,
  gate: ChannelGate,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const doing = `running ${shorten(options.label ?? command)}`;
  using deadline = startDeadline(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, doing, options.signal);
  const { signal } = deadline;
  const mark = `::jetfleet-${randomBytes(9).toString("hex")}::`;
  let channel: ClientChannel | undefined;
  const ended = Promise.withResolvers<ExecResult>();
  const onAbort = () => {
    // OpenSSH forwards the signal; other servers end the command when its channel goes.
    channel?.signal("KILL");
    channel?.close();
    ended.reject(abortFailure(signal, doing));
  };
  const onClose = () => ended.reject(connectionLost(doing));
  signal.addEventListener("abort", onAbort, { once: true });
  client.once("close", onClose);
  const start = (closed: () => void) =>
    openChannel(client, underSh(command, mark), (opened) => {
      // How a short command ended may come together with its channel, so somebody must listen at once.
      opened.once("close", closed);
      collect(opened, mark, { doing, deadline, ...options }, ended);
    });
  const run = async () => {
    try {
      channel = await gate.open(start, signal);
    } catch (error) {
      if (signal.aborted) throw abortFailure(signal, doing);
      throw isRefusal(error) ? refusedChannel(doing, error) : connectionLost(doing, error);
    }
    // Too late: nobody waits for it any more.
    if (signal.aborted) return onAbort();
    try {
      await feed(channel, options.input ?? "", signal);
    } catch (error) {
      // Nobody says the rest of its input to the command, which would wait for it.
      channel.close();
      throw error;
    }
  };
  try {
    if (signal.aborted) throw abortFailure(signal, doing);
    run().catch((error: unknown) => ended.reject(error));
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    client.off("close", onClose);
  }
}

function openChannel(
  client: Client,
  command: string,
  listen: (channel: ClientChannel) => void,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      listen(channel);
      resolve(channel);
    });
  });
}

async function feed(
  channel: ClientChannel,
  input: string | Buffer | AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  if (typeof input === "string" || Buffer.isBuffer(input)) {
    channel.end(input);
    return;
  }
  for await (const chunk of input) {
    if (signal.aborted || !channel.writable) return;
    await new Promise<void>((resolve) => {
      // A command that ends early reads no more.
      channel.once("close", resolve);
      channel.write(chunk, () => {
        channel.off("close", resolve);
        resolve();
      });
    });
  }
  channel.end();
}

interface Collecting extends ExecOptions {
  doing: string;
  deadline: Deadline;
}

function collect(
  channel: ClientChannel,
  mark: string,
  options: Collecting,
  ended: PromiseWithResolvers<ExecResult>,
): void {
  const room = { bytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES };
  const out = new MarkedOutput(mark, room, (data) => {
    try {
      options.onOutput?.(data, options.deadline);
    } catch (error) {
      // ssh2 would end the connection, of which others may have a part.
      ended.reject(error);
      channel.close();
    }
  });
  const err = new MarkedOutput(mark, room);
  let how: { exitCode: number | null; signal: string | null } | null = null;
  channel.on("data", (data: Buffer) => out.push(data));
  channel.stderr.on("data", (data: Buffer) => err.push(data));
  channel.on("error", () => {});
  channel.on("exit", (code: number | null, signalName?: string) => {
    how = { exitCode: code, signal: signalName?.replace(/^SIG/, "") ?? null };
  });
  channel.on("close", () => {
    const stdout = out.text();
    const stderr = err.text();
    if (how === null) ended.reject(connectionLost(options.doing));
    else if (!out.hasBegun) ended.reject(noShell(options.doing, how, out.chatter + err.chatter));
    else if (how.exitCode === 0 && !out.hasEnded) ended.reject(connectionLost(options.doing));
    else ended.resolve({ stdout, stderr, ...how, truncated: out.truncated || err.truncated });
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

function shorten(command: string): string {
  const line = command.replaceAll(/\s+/g, " ");
  return line.length <= 120 ? line : `${line.slice(0, 117)}…`;
}
