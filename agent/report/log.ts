import { describeError } from "../../fleet/errors/index.ts";
import { outward } from "../../fleet/text/index.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** One line per entry on standard output, which systemd puts into the journal. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, error?: unknown): void;
}

const ORDER: LogLevel[] = ["debug", "info", "warn", "error"];

export interface LogOptions {
  level?: LogLevel;
  /** Texts that must never appear, such as a former version's password. */
  secrets?: string[];
  write?: (line: string) => void;
}

export function createLog(options: LogOptions = {}): Log {
  const level = ORDER.indexOf(options.level ?? "info");
  const write = options.write ?? ((line) => void process.stdout.write(`${line}\n`));
  const emit = (at: LogLevel, message: string, fields: LogFields = {}) => {
    if (ORDER.indexOf(at) < level) return;
    const tail = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${quoteIfNeeded(String(value))}`);
    write(onOneLine(`${at.padEnd(5)} ${message}${tail.join("")}`, options.secrets ?? []));
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, error) =>
      emit("error", error === undefined ? message : `${message}: ${describeError(error)}`),
  };
}

function onOneLine(text: string, secrets: readonly string[]): string {
  let clean = outward(text);
  for (const secret of secrets) if (secret.length > 0) clean = clean.split(secret).join("***");
  return clean.replace(/\n\s*/g, " | ");
}

function quoteIfNeeded(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
