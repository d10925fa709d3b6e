import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { FleetError } from "../../fleet/errors/index.ts";

const run = promisify(execFile);

/** Room that must remain for logs, events and state files. */
export const RESERVE_BYTES = 32 * 2 ** 20;

/** Free bytes of the file system that holds `path`, or null where `df` does not tell (Node 16 has no statfs). */
export async function freeBytes(path: string): Promise<number | null> {
  try {
    const { stdout } = await run("df", ["-Pk", path], { timeout: 5000 });
    return parseDf(stdout);
  } catch {
    return null;
  }
}

export function parseDf(output: string): number | null {
  const fields = output.trim().split("\n").pop()?.split(/\s+/) ?? [];
  const availableKib = Number(fields[3]);
  return fields.length >= 6 && Number.isFinite(availableKib) ? availableKib * 1024 : null;
}

/** Throws BOARD_DISK_FULL with the exact shortfall. Unknown free space passes: the write itself will tell. */
export function requireSpace(neededBytes: number, free: number | null): void {
  if (free === null || free >= neededBytes + RESERVE_BYTES) return;
  const shortfall = neededBytes + RESERVE_BYTES - free;
  throw new FleetError(
    "BOARD_DISK_FULL",
    `Expected room for ${neededBytes} bytes and a reserve of ${RESERVE_BYTES} but ${free} are free: ${shortfall} bytes are missing`,
    { context: { neededBytes, freeBytes: free, shortfallBytes: shortfall } },
  );
}
