import { Command } from "commander";
import { asFleetError, describeError } from "../fleet/errors/index.ts";
import { registerNamed } from "./commands/register-named.ts";

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

const context = { program, withHub, run, signal: cancel.signal };
await registerNamed(process.argv[2], context);

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
