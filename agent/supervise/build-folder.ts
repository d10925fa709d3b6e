import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isErrno } from "../../fleet/transfer/files/durable-file.ts";

const NAME = /^jetfleet-build-(\d+)-(\d+)-/;

/**
 * A folder for this process to build in. Those of builders that died in it, as in a crash of their library, are removed:
 * each is named after its process, and the PID namespace that this is a number of.
 */
export function makeBuildFolder(parent = tmpdir()): string {
  const namespace = pidNamespace();
  for (const name of readdirSync(parent)) {
    const [, of, pid] = NAME.exec(name) ?? [];
    if (of !== namespace || isAlive(Number(pid))) continue;
    try {
      removeBuildFolder(join(parent, name));
    } catch {
      // Another user's, or another builder was faster.
    }
  }
  return mkdtempSync(join(parent, `jetfleet-build-${namespace}-${process.pid}-`));
}

/** Also while a library still writes into it. */
export function removeBuildFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** "0" where the kernel does not tell. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isErrno(error, "ESRCH");
  }
}
