import { FleetError } from "../../fleet/errors/index.ts";

const FULL = new Set(["ENOSPC", "EDQUOT"]);

/** An error of the disk as what it is for people: full, or failing. */
export function diskError(cause: unknown, what: string): FleetError {
  if (cause instanceof FleetError) return cause;
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? "";
  if (FULL.has(code)) {
    return new FleetError("BOARD_DISK_FULL", `No room for ${what}`, { cause });
  }
  const said = cause instanceof Error ? cause.message : String(cause);
  return new FleetError("BOARD_DISK_FAILED", `Cannot write ${what}: ${said}`, { cause });
}
