import { printable } from "../text/index.ts";

/** One JSON object per line. Fields never hold a password, a header or a payload. */
export type Log = (message: string, fields?: Record<string, unknown>) => void;

export const logToStderr: Log = (message, fields = {}) => {
  const line = JSON.stringify({ at: new Date().toISOString(), message, ...fields });
  // JSON escapes neither C1 nor the marks of bidirectional text.
  process.stderr.write(`${printable(line)}\n`);
};
