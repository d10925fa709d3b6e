import { type ErrorCode, FleetError, isFleetError } from "../../errors/index.ts";

/** Whose disk it is: the codes tell them apart, for another person has to free the space. */
export type DiskOwner = "BOARD" | "HUB";

const FULL = new Set(["ENOSPC", "EDQUOT"]);
/** What a file system answers when it cannot be used as it is (errno(3)); a file that is not there is no fault. */
const FAILED = new Set([
  ...["EIO", "EROFS", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "ENOTEMPTY", "EEXIST", "ELOOP"],
  ...["EFBIG", "ENXIO", "ENODEV", "ESTALE", "EMFILE", "ENFILE", "EBUSY"],
]);

/** An error of the disk as what it is for people: full, or failing. Null when it is none of the disk's. */
export function diskErrorIn(cause: unknown, what: string, owner: DiskOwner): FleetError | null {
  if (isDiskError(cause)) return cause;
  const errno = errnoOf(cause);
  if (FULL.has(errno))
    return new FleetError(`${owner}_DISK_FULL`, `No room for ${what}`, { cause });
  if (!FAILED.has(errno)) return null;
  const said = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot read or write ${what}: ${said}`;
  return new FleetError(`${owner}_DISK_FAILED`, message, { cause });
}

const CODES = new Set<ErrorCode>([
  ...(["BOARD_DISK_FULL", "BOARD_DISK_FAILED", "HUB_DISK_FULL", "HUB_DISK_FAILED"] as const),
]);

/** True of what passes by itself once the disk has room again, or works again. */
export function isDiskError(error: unknown): error is FleetError {
  return isFleetError(error) && CODES.has(error.code);
}

function errnoOf(cause: unknown): string {
  if (!(cause instanceof Error) || cause instanceof FleetError) return "";
  return (cause as NodeJS.ErrnoException).code ?? "";
}
