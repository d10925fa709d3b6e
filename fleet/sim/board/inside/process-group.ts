import * as fs from "node:fs";

const REAL_PROC = "/run/jetfleet-sim/proc";

/**
 * Processes of a unit. A control group cannot be left and this can, so two traces are followed: the session the
 * main process leads, and INVOCATION_ID, which systemd too puts into the environment of all a unit starts.
 */
export function processesOf(mainPid: number, invocationId: string): number[] {
  return fs
    .readdirSync(REAL_PROC)
    .filter((name) => /^\d+$/.test(name) && name !== "1")
    .filter((pid) => belongs(pid, mainPid, invocationId))
    .map(Number);
}

function belongs(pid: string, mainPid: number, invocationId: string): boolean {
  try {
    const stat = fs.readFileSync(`${REAL_PROC}/${pid}/stat`, "utf8");
    const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return false;
    if (Number(session) === mainPid) return true;
    const environment = fs.readFileSync(`${REAL_PROC}/${pid}/environ`, "latin1").split("\0");
    return environment.includes(`INVOCATION_ID=${invocationId}`);
  } catch {
    // Gone between the listing and the look.
    return false;
  }
}

export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
