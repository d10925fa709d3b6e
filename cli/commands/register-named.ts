import type { CommandContext } from "./command-context.ts";

/** What runs when no command is named. */
const DEFAULT = "console";

interface CommandFile {
  names: readonly string[];
  load: () => Promise<(context: CommandContext) => void>;
}

/** In the order of `jetfleet --help`. */
const COMMANDS: readonly CommandFile[] = [
  { names: ["status"], load: async () => (await import("./status.ts")).registerStatus },
  { names: [DEFAULT], load: async () => (await import("./console.ts")).registerConsole },
  { names: ["bench"], load: async () => (await import("./bench.ts")).registerBench },
  { names: ["engines"], load: async () => (await import("./engines.ts")).registerEngines },
  { names: ["enroll"], load: async () => (await import("./enroll.ts")).registerEnroll },
  { names: ["events"], load: async () => (await import("./events.ts")).registerEvents },
  { names: ["journal"], load: async () => (await import("./journal.ts")).registerJournal },
  {
    names: ["modules", "boards"],
    load: async () => (await import("./modules.ts")).registerModules,
  },
  { names: ["plan"], load: async () => (await import("./plan.ts")).registerPlan },
  { names: ["run"], load: async () => (await import("./run-pipeline.ts")).registerRunPipeline },
];

/**
 * Adds the command that the first argument names; where it names none, all of them, for help and for what is said of an
 * unknown one. Loading all takes longer than most of them run.
 */
export async function registerNamed(
  first: string | undefined,
  context: CommandContext,
): Promise<void> {
  const named = COMMANDS.filter(({ names }) => names.includes(first ?? DEFAULT));
  for (const { load } of named.length > 0 ? named : COMMANDS) (await load())(context);
}
