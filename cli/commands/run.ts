/** Carries a command out: its answer is the exit code, what it throws is told and becomes one. */
export type Run = (command: () => Promise<number>) => Promise<void>;
