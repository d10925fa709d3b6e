import { parseArgs } from "node:util";
import { type JournalEntry, readJournal } from "./journal.ts";
import { formatJson, formatShort } from "./journal-format.ts";

// journalctl of a simulated board: the units' own output, and what the service manager says of them.

const FOLLOW_POLL_MS = 200;

const options = readOptions();
const unit =
  options.unit === undefined
    ? null
    : /\.\w+$/.test(options.unit)
      ? options.unit
      : `${options.unit}.service`;
const format = formatterOf(options.output ?? "short");
process.stdout.on("error", () => process.exit(0));

let entries = readJournal(unit);
const last = entries.at(-1);
if (options.lines !== undefined && options.lines !== "all")
  entries = entries.slice(-Number(options.lines));
else if (options.follow) entries = entries.slice(-10);
if (entries.length === 0 && !options.follow) console.log("-- No entries --");
print(options.reverse ? entries.reverse() : entries);
if (options.follow) follow(last);

function follow(from: JournalEntry | undefined): void {
  let seen = from;
  setInterval(() => {
    const all = readJournal(unit);
    const at =
      seen === undefined ? -1 : all.findLastIndex((entry) => isSame(entry, seen as JournalEntry));
    print(all.slice(at + 1));
    seen = all.at(-1) ?? seen;
  }, FOLLOW_POLL_MS);
}

function isSame(a: JournalEntry, b: JournalEntry): boolean {
  return a.timeMs === b.timeMs && a.message === b.message && a.unit === b.unit;
}

function print(some: readonly JournalEntry[]): void {
  if (some.length > 0) process.stdout.write(`${some.map(format).join("\n")}\n`);
}

function formatterOf(name: string): (entry: JournalEntry) => string {
  if (name === "cat") return (entry) => entry.message;
  if (name === "json") return formatJson;
  if (name === "short") return formatShort;
  return fail(`output format ${name} is not simulated`);
}

function readOptions() {
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      options: {
        unit: { type: "string", short: "u" },
        lines: { type: "string", short: "n" },
        follow: { type: "boolean", short: "f" },
        output: { type: "string", short: "o" },
        reverse: { type: "boolean", short: "r" },
        quiet: { type: "boolean", short: "q" },
        "pager-end": { type: "boolean", short: "e" },
        boot: { type: "boolean", short: "b" },
        "no-pager": flag,
        "no-hostname": flag,
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(`journalctl (simulated): ${message}`);
  process.exit(1);
}
