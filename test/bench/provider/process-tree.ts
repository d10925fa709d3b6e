import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Cost {
  ok: boolean;
  text: string;
  wallSeconds: number;
  /** Of all processes of the tree that were waited for, user and system. */
  cpuSeconds: number;
  /** Most that all of them held together, as seen ten times a second. */
  peakMegabytes: number;
}

/** Runs a command to its end under a shell that counts what its processes cost. */
export async function costOf(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
  /** Started before, and counted with it. */
  beside: readonly number[] = [],
): Promise<Cost> {
  const beganMs = performance.now();
  const script = 'TIMEFORMAT="%U %S"; time "$@"';
  const child = spawn("bash", ["-c", script, "bash", command, ...args], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes([child.pid ?? 0, ...beside]));
  }, 100);
  const before = cpuOf(beside);
  let text = "";
  let errors = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  const code = await new Promise((resolve) => child.once("close", resolve));
  clearInterval(timer);
  const wallSeconds = (performance.now() - beganMs) / 1000;
  const [user = 0, system = 0] = errors.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return {
    ...{ ok: code === 0, text: text + errors, wallSeconds },
    ...{ cpuSeconds: user + system + cpuOf(beside) - before, peakMegabytes: peak / 1e6 },
  };
}

const PAGE_BYTES = 4096;

/** Ticks of a second that the kernel counts in, which has been 100 on every architecture of ours (USER_HZ). */
const TICKS = 100;

function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    // proc(5): time in user and system mode are fields 14 and 15.
    const fields = statOf(pid);
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS;
  }, 0);
}

/** From the third field on, behind the name, which may hold anything. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function residentBytes(roots: readonly number[]): number {
  const parents = new Map<number, number>();
  const sizes = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (Number.isNaN(pid)) continue;
    try {
      const fields = statOf(pid);
      // proc(5): the parent is field 4, the resident pages field 24; these begin at field 3.
      parents.set(pid, Number(fields[1]));
      sizes.set(pid, Number(fields[21]) * PAGE_BYTES);
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean =>
    roots.includes(pid) || (parents.has(pid) && pid > 1 && isOurs(parents.get(pid) ?? 0));
  return [...sizes].reduce((sum, [pid, bytes]) => sum + (isOurs(pid) ? bytes : 0), 0);
}
