import { readdirSync, readFileSync } from "node:fs";

/** Child processes of `pid`, from the kernel's list where it has one, else by looking at every process. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .trim()
      .split(" ")
      .filter(Boolean)
      .map(Number);
  } catch {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && statOf(name)?.parent === pid)
      .map(Number);
  }
}

/** Whether `pid` is the leader of a session. */
export function leadsSession(pid: number): boolean {
  return statOf(String(pid))?.session === pid;
}

function statOf(pid: string): { parent: number; session: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name before these fields stands in parentheses and may itself contain some.
    const [, parent, , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), session: Number(session) };
  } catch {
    return null;
  }
}
