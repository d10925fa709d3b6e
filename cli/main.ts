import { Command } from "commander";
import { asFleetError, describeError } from "../fleet/errors/index.ts";
import { registerBench } from "./commands/bench.ts";
import { registerEngines } from "./commands/engines.ts";
import { registerEnroll } from "./commands/enroll.ts";
import { registerEvents } from "./commands/events.ts";
import { registerJournal } from "./commands/journal.ts";
import { registerModules } from "./commands/modules.ts";
import { registerPlan } from "./commands/plan.ts";
import { registerRunPipeline } from "./commands/run-pipeline.ts";
import { STATUS_HELP, type StatusOptions, status } from "./commands/status.ts";
import type { HubOptions } from "./hub-location.ts";

const NO_ANSWER = 2;
/** 128 + SIGINT and SIGTERM, as shells count. */
const ENDED = { SIGINT: 130, SIGTERM: 143 } as const;

const cancel = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Not `once`: Ink would take a signal that nobody else listens to for its own and end the process by it.
  process.on(signal, () => cancel.abort(signal));
}
// `jetfleet status | head` ends quietly.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : NO_ANSWER);
});

const program = new Command("jetfleet")
  .description("Fleets of NVIDIA Jetson boards managed as code")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : NO_ANSWER));

withHub(program.command("status").description("print devices, pipelines and what is wrong"))
  .option("--json", "print one JSON object, for programs")
  .option("--json-schema", "print what --json prints as a JSON Schema, and end")
  .option("--watch", "print again every two seconds, until Ctrl-C")
  .addHelpText("after", STATUS_HELP)
  .action((options: StatusOptions) => run(() => status(options, cancel.signal)));

withHub(program.command("console", { isDefault: true }).description("the fleet on a live screen"))
  .addHelpText("after", "\nNeeds a terminal; `jetfleet status` does not.")
  .action((options: HubOptions) =>
    run(async () => (await import("./commands/console.ts")).openConsole(options, cancel.signal)),
  );

registerBench(program, run, cancel.signal);
registerEngines(program, withHub, run, cancel.signal);
registerEnroll(program, withHub, run, cancel.signal);
registerEvents(program, withHub, run, cancel.signal);
registerJournal(program, withHub, run, cancel.signal);
registerModules(program, run);
registerPlan(program, run);
registerRunPipeline(program, run, cancel.signal);

await program.parseAsync();

function withHub(command: Command): Command {
  return command
    .option("--hub <url>", "the hub's address; default: the hub of this clone's demo")
    .option("--hub-dir <dir>", "folder with the hub's hub.json, instead of --hub")
    .option(
      "--identity <file>",
      "operator's key and certificate; default: .jetfleet/keys/operator.pem",
    );
}

async function run(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const shown = asFleetError(error, "running the command");
    process.stderr.write(`${describeError(shown)}\n`);
    process.exitCode = shown.code === "CANCELLED" ? endedBy(cancel.signal) : NO_ANSWER;
  }
}

function endedBy({ reason }: AbortSignal): number {
  return reason === "SIGINT" ? ENDED.SIGINT : ENDED.SIGTERM;
}
