/** One JSON object per line. Fields never hold a password, a header or a payload. */
export type Log = (message: string, fields?: Record<string, unknown>) => void;

export const logToStderr: Log = (message, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), message, ...fields })}\n`);
};
