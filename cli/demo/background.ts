import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../fleet/errors/index.ts";
import { readIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { endProcess, type Launch, standingOf } from "./process-check.ts";

/** A program that goes on in the background and says in one JSON line on stdout that it is ready. */
export interface Part<Ready> {
  /** For the screen and the names of its logs. */
  name: string;
  command: string;
  args: readonly string[];
  /** Its working folder, made when absent; belongs to this part alone. */
  folder: string;
  /** Holds the ready line and the pid of what runs. */
  recordFile: string;
  /** The program writes the record itself. */
  writesRecord: boolean;
  ready: z.ZodType<Ready>;
  logFolder: string;
  startDeadlineMs: number;
}

export interface Running<Ready> {
  pid: number;
  ready: Ready;
  /** False: it ran already. */
  started: boolean;
}

const POLL_MS = 50;
const END_DEADLINE_MS = 15_000;

/** Finds the part running, or starts it. One that runs with other arguments is ended first. */
export async function ensureRunning<Ready>(
  part: Part<Ready>,
  signal: AbortSignal,
): Promise<Running<Ready>> {
  const found = await findRunning(part);
  if (found?.standing === "same") return { ...found, started: false };
  if (found) await endProcess(found.pid, END_DEADLINE_MS);
  return { ...(await start(part, signal)), started: true };
}

/** What the part's record says, when the process is really there. */
export async function findRunning<Ready>(
  part: Part<Ready>,
): Promise<{ pid: number; ready: Ready; standing: "same" | "other-arguments" } | null> {
  const bytes = await readIfThere(part.recordFile);
  if (!bytes) return null;
  const record = parseRecord(part, bytes.toString("utf8"));
  if (!record) return null;
  const standing = await standingOf(record.pid, await launchOf(part));
  return standing === "not-ours" ? null : { ...record, standing };
}

/** Ends the part if it runs; says whether there was anything to end. */
export async function endPart<Ready>(
  part: Part<Ready>,
): Promise<"not-running" | "ended" | "killed"> {
  const found = await findRunning(part);
  return found ? endProcess(found.pid, END_DEADLINE_MS) : "not-running";
}

async function start<Ready>(
  part: Part<Ready>,
  signal: AbortSignal,
): Promise<{ pid: number; ready: Ready }> {
  await mkdir(part.folder, { recursive: true, mode: 0o700 });
  await mkdir(part.logFolder, { recursive: true, mode: 0o700 });
  const files = logFiles(part);
  const [out, log] = [await open(files.out, "w", 0o600), await open(files.log, "w", 0o600)];
  const child = spawn(part.command, part.args, {
    cwd: part.folder,
    detached: true,
    stdio: ["ignore", out.fd, log.fd],
  });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(failure(part, cause.message)));
    child.once("exit", (code, by) => {
      void readFile(files.log, "utf8").then((text) =>
        reject(failure(part, by ? `ended by ${by}` : `exit code ${code}`, text)),
      );
    });
  });
  try {
    const ready = await Promise.race([awaitReady(part, files.out, signal), failed]);
    const pid = child.pid ?? 0;
    if (!part.writesRecord) {
      await writeFileDurably(part.recordFile, `${JSON.stringify({ ...ready, pid })}\n`);
    }
    return { pid, ready };
  } catch (error) {
    await abandon(child);
    throw error;
  } finally {
    await Promise.all([out.close(), log.close()]);
    child.removeAllListeners();
    child.unref();
  }
}

/** The child must not outlive a start that failed or was cancelled. */
async function abandon(child: ChildProcess): Promise<void> {
  if (child.pid && child.exitCode === null && child.signalCode === null) {
    await endProcess(child.pid, END_DEADLINE_MS);
  }
}

async function awaitReady<Ready>(
  part: Part<Ready>,
  file: string,
  signal: AbortSignal,
): Promise<Ready> {
  for (const end = performance.now() + part.startDeadlineMs; performance.now() < end; ) {
    const [line, rest] = (await readFile(file, "utf8")).split("\n", 2);
    if (line && rest !== undefined) return parseReady(part, line);
    await delay(POLL_MS, undefined, { signal }).catch(() => {
      throw new FleetError("CANCELLED", `Cancelled while starting ${part.name}`);
    });
  }
  throw failure(part, `nothing within ${part.startDeadlineMs / 1000} s`);
}

function parseReady<Ready>(part: Part<Ready>, line: string): Ready {
  try {
    return part.ready.parse(JSON.parse(line));
  } catch {
    throw failure(part, `the line ${line.slice(0, 200)}`);
  }
}

function parseRecord<Ready>(part: Part<Ready>, text: string): { pid: number; ready: Ready } | null {
  try {
    const value: unknown = JSON.parse(text);
    const { pid } = z.object({ pid: z.number().int().positive() }).parse(value);
    return { pid, ready: part.ready.parse(value) };
  } catch {
    return null;
  }
}

/** The working folder as /proc shows it, links resolved. */
async function launchOf<Ready>(part: Part<Ready>): Promise<Launch> {
  const cwd = await realpath(part.folder).catch(() => part.folder);
  return { command: part.command, args: part.args, cwd };
}

function logFiles<Ready>(part: Part<Ready>): { out: string; log: string } {
  const base = path.join(part.logFolder, part.name.replaceAll(" ", "-"));
  return { out: `${base}.out`, log: `${base}.log` };
}

/** Passes on the code and the words of a part that said what is wrong. */
function failure<Ready>(part: Part<Ready>, got: string, log = ""): FleetError {
  const { log: file } = logFiles(part);
  const said = /^([A-Z][A-Z_]+): (.*(?:\n {2}caused by: .*)*)(?:\n {2}next: (.*))?/m.exec(log);
  const [, code, message, next] = said ?? [];
  if (code && message && Object.hasOwn(ERROR_CODES, code)) {
    return new FleetError(code as ErrorCode, `${message} (while starting ${part.name})`, {
      ...(next ? { hint: next } : {}),
      context: { log: file },
    });
  }
  const last = log.trim().split("\n").at(-1);
  return new FleetError(
    "PART_FAILED",
    `Expected ${part.name} to become ready but got ${got}${last ? `: ${last.slice(0, 300)}` : ""}`,
    { hint: `Read ${file}, then run the command again.` },
  );
}
