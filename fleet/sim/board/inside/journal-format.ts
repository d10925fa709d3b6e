import { hostname } from "node:os";
import type { JournalEntry } from "./journal.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An entry as `journalctl` prints it by default: `Nov 23 09:00:00 host name[pid]: message`. */
export function formatShort(entry: JournalEntry): string {
  const at = new Date(entry.timeMs);
  const day = String(at.getDate()).padStart(2, "0");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return `${MONTHS[at.getMonth()]} ${day} ${time} ${hostname()} ${entry.identifier}[${entry.pid}]: ${entry.message}`;
}

export function formatJson(entry: JournalEntry): string {
  return JSON.stringify({
    __REALTIME_TIMESTAMP: String(entry.timeMs * 1000),
    _SYSTEMD_UNIT: entry.unit,
    SYSLOG_IDENTIFIER: entry.identifier,
    _PID: String(entry.pid),
    MESSAGE: entry.message,
  });
}
