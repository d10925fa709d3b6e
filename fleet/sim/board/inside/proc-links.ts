import * as fs from "node:fs";

const REAL_PROC = "/run/jetfleet-sim/proc";
const INTERVAL_MS = 200;
/** Links are there before the process is: so many process ids ahead of the last one given out. */
const AHEAD = 512;

/**
 * Keeps /proc/<pid> links into the namespace's own procfs. The kernel hands out ids in order, so links for the
 * coming ones are made ahead of time; a link without a process reads as "no such file", which is what a
 * program expects of a process that is gone.
 */
export function keepProcLinks(): void {
  const linked = new Set<number>([1]);
  const update = (): void => {
    const wanted = new Set<number>(aliveProcesses());
    const last = lastProcessId();
    for (let pid = last + 1; pid <= last + AHEAD; pid++) wanted.add(pid);
    for (const pid of linked) if (!wanted.has(pid)) unlink(pid, linked);
    for (const pid of wanted) if (!linked.has(pid)) link(pid, linked);
  };
  update();
  setInterval(update, INTERVAL_MS);
}

function aliveProcesses(): number[] {
  return fs
    .readdirSync(REAL_PROC)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The last field of loadavg: the process id that was given out last in this namespace. */
function lastProcessId(): number {
  return Number(fs.readFileSync(`${REAL_PROC}/loadavg`, "utf8").trim().split(" ")[4]);
}

function link(pid: number, linked: Set<number>): void {
  fs.symlinkSync(`${REAL_PROC}/${pid}`, `/proc/${pid}`);
  linked.add(pid);
}

function unlink(pid: number, linked: Set<number>): void {
  fs.unlinkSync(`/proc/${pid}`);
  linked.delete(pid);
}
