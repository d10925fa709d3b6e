import type { Command } from "commander";
import type { Run } from "./run.ts";

/** What every command is told: where it goes, what a command of a hub takes, how one is run, and what ends it. */
export interface CommandContext {
  program: Command;
  withHub: (command: Command) => Command;
  run: Run;
  signal: AbortSignal;
}

/** What runs when no command is named. */
const DEFAULT = "console";

/** In the order of `jetfleet --help`. */
const COMMANDS: readonly { names: readonly string[]; register: Register }[] = [
  {
    names: ["status"],
    register: async ({ program, withHub, run, signal }) =>
      (await import("./status.ts")).registerStatus(program, withHub, run, signal),
  },
  {
    names: [DEFAULT],
    register: async ({ program, withHub, run, signal }) =>
      (await import("./console.ts")).registerConsole(program, withHub, run, signal),
  },
  {
    names: ["bench"],
    register: async ({ program, run, signal }) =>
      (await import("./bench.ts")).registerBench(program, run, signal),
  },
  {
    names: ["engines"],
    register: async ({ program, withHub, run, signal }) =>
      (await import("./engines.ts")).registerEngines(program, withHub, run, signal),
  },
  {
    names: ["enroll"],
    register: async ({ program, withHub, run, signal }) =>
      (await import("./enroll.ts")).registerEnroll(program, withHub, run, signal),
  },
  {
    names: ["events"],
    register: async ({ program, withHub, run, signal }) =>
      (await import("./events.ts")).registerEvents(program, withHub, run, signal),
  },
  {
    names: ["journal"],
    register: async ({ program, withHub, run, signal }) =>
      (await import("./journal.ts")).registerJournal(program, withHub, run, signal),
  },
  {
    names: ["modules", "boards"],
    register: async ({ program, run }) =>
      (await import("./modules.ts")).registerModules(program, run),
  },
  {
    names: ["plan"],
    register: async ({ program, run }) => (await import("./plan.ts")).registerPlan(program, run),
  },
  {
    names: ["run"],
    register: async ({ program, run, signal }) =>
      (await import("./run-pipeline.ts")).registerRunPipeline(program, run, signal),
  },
];

type Register = (context: CommandContext) => Promise<void>;

/**
 * Adds the command that the first argument names; where it names none, all of them, for help and for what is said of an
 * unknown one. Loading all takes longer than most of them run.
 */
export async function registerNamed(
  first: string | undefined,
  context: CommandContext,
): Promise<void> {
  const named = COMMANDS.filter(({ names }) => names.includes(first ?? DEFAULT));
  for (const { register } of named.length > 0 ? named : COMMANDS) await register(context);
}
