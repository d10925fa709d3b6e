import type { Command } from "commander";

/** Carries a command out: its answer is the exit code, what it throws is told and becomes one. */
export type Run = (command: () => Promise<number>) => Promise<void>;

/** What every command is told: where it goes, what a command of a hub takes, how one is run, and what ends it. */
export interface CommandContext {
  program: Command;
  withHub: (command: Command) => Command;
  run: Run;
  signal: AbortSignal;
}
