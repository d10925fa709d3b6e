/** In a log every change is a line, so a transfer is told in few steps. */
const STEP_PERCENT = 20;

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** "sending the model: 40 % of 3.1 MB" */
export function sendingText(what: string, sentBytes: number, totalBytes: number): string {
  const percent = Math.floor((100 * sentBytes) / Math.max(1, totalBytes));
  return `sending ${what}: ${percent - (percent % STEP_PERCENT)} % of ${megabytes(totalBytes)}`;
}
