import { readFile, readlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** A program as it was started: what /proc shows of it. */
export interface Launch {
  command: string;
  args: readonly string[];
  /** Its working folder, which belongs to one clone and one part; this is what tells ours from others'. */
  cwd: string;
}

export type Standing = "same" | "other-arguments" | "not-ours";

/** Whether the pid is (still) the program we started; a pid alone may have been given to a stranger. */
export async function standingOf(pid: number, launch: Launch): Promise<Standing> {
  const [commandLine, cwd] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    readlink(`/proc/${pid}/cwd`).catch(() => ""),
  ]);
  const wanted = [launch.command, ...launch.args];
  const running = commandLine.split("\0").slice(0, -1);
  if (cwd !== launch.cwd || running[0] !== wanted[0]) return "not-ours";
  const same = running.length === wanted.length && running.every((part, at) => part === wanted[at]);
  return same ? "same" : "other-arguments";
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const POLL_MS = 50;

/** Asks a process to end, and makes its whole group end when it does not within the deadline. */
export async function endProcess(pid: number, deadlineMs: number): Promise<"ended" | "killed"> {
  signal(pid, "SIGTERM");
  if (await goneWithin(pid, deadlineMs)) return "ended";
  signal(-pid, "SIGKILL");
  signal(pid, "SIGKILL");
  await goneWithin(pid, deadlineMs);
  return "killed";
}

async function goneWithin(pid: number, deadlineMs: number): Promise<boolean> {
  for (const end = performance.now() + deadlineMs; performance.now() < end; ) {
    if (!isAlive(pid) || (await isZombie(pid))) return true;
    await delay(POLL_MS);
  }
  return false;
}

/** A child of ours that ended and was not waited for. */
async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
