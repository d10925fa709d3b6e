/** Whoever waits while a board is worked on: it may give up, and is told what goes on. */
export interface Operation {
  readonly signal: AbortSignal;
  /** What is being done now, in place of what was said before. */
  status(message: string): void;
  /** What stays to be read afterwards. */
  log(severity: "warning", message: string): void;
}
