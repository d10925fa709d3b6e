import * as fs from "node:fs";
import { join } from "node:path";

export const JOURNAL_DIR = "/var/log/journal";

/** Entries of a unit fill at most two files of this size; the older half goes first. */
const FILE_LIMIT_BYTES = 2 * 2 ** 20;
const LINE_LIMIT = 8192;

export interface JournalEntry {
  timeMs: number;
  unit: string;
  /** Name of the process that said it; `systemd` for the service manager itself. */
  identifier: string;
  pid: number;
  message: string;
}

/** Appends what a unit says to its journal, one JSON object a line. Kept over power cuts. */
export class JournalWriter {
  readonly #path: string;
  #fd: number | null = null;
  #sizeBytes = 0;
  readonly unit: string;

  constructor(unit: string) {
    this.unit = unit;
    this.#path = join(JOURNAL_DIR, `${unit}.log`);
  }

  write(identifier: string, pid: number, message: string): void {
    const entry: JournalEntry = {
      timeMs: Date.now(),
      unit: this.unit,
      identifier,
      pid,
      message: message.slice(0, LINE_LIMIT),
    };
    const line = `${JSON.stringify(entry)}\n`;
    try {
      if (this.#sizeBytes > FILE_LIMIT_BYTES) this.#rotate();
      this.#sizeBytes += fs.writeSync(this.#open(), line);
    } catch {
      // A full disk loses log lines, on a real unit too; the service goes on.
    }
  }

  #open(): number {
    if (this.#fd === null) {
      fs.mkdirSync(JOURNAL_DIR, { recursive: true });
      this.#fd = fs.openSync(this.#path, "a");
      this.#sizeBytes = fs.fstatSync(this.#fd).size;
    }
    return this.#fd;
  }

  #rotate(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
    fs.renameSync(this.#path, `${this.#path}.1`);
  }
}

/** All entries of `unit` (of every unit when null), oldest first. */
export function readJournal(unit: string | null): JournalEntry[] {
  const names = fs.existsSync(JOURNAL_DIR) ? fs.readdirSync(JOURNAL_DIR) : [];
  const wanted = names.filter(
    (name) => unit === null || name === `${unit}.log` || name === `${unit}.log.1`,
  );
  const entries = wanted.flatMap((name) => readEntries(join(JOURNAL_DIR, name)));
  return entries.sort((a, b) => a.timeMs - b.timeMs);
}

function readEntries(path: string): JournalEntry[] {
  return fs
    .readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JournalEntry];
      } catch {
        // The last line of a file is cut short when power goes while it is written.
        return [];
      }
    });
}
