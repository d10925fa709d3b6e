import path from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { FleetError } from "../../fleet/errors/index.ts";
import { RuntimeShelf } from "../../fleet/provision/runtime/index.ts";
import { BoardName, Labels, Name } from "../../fleet/spec/index.ts";
import { enrolBoard } from "../enrol-board.ts";
import { clientFor, type HubOptions, locateHub } from "../hub-location.ts";
import { stateDir } from "../setup/paths.mjs";
import { spanMs } from "../time-span.ts";
import type { CommandContext } from "./command-context.ts";

interface EnrollOptions extends HubOptions {
  board: BoardName;
  label: Labels;
  for: string;
  rootKey?: string;
  cancel?: boolean;
  json?: boolean;
}

const HELP = `
For a board that cannot be reached from here, as behind NAT: it only connects out, to the
hub's three ports. Run the printed line on the board, as a user who may use sudo. It works
once, and until the time that is said; another \`enroll\` of the name ends the one before.
In the program, declare the device by its name and \`enroll: true\` in place of address and ssh.

A board that is enrolled anew under its name gets this version's agent, and the labels that
are given; what it runs goes on. \`sudo sh /opt/jetfleet/remove.sh\` on the board undoes it.

Exit codes: 0 the hub awaits the board (or, with --cancel, does so no longer); 2 no answer.`;

export function registerEnroll({ program, withHub, run, signal }: CommandContext): void {
  withHub(
    program
      .command("enroll")
      .description("print the line that makes a board a device, from the board's side"),
  )
    .argument("<device>", "name in the fleet", parseName)
    .addOption(new Option("--board <family>", "what board it is").choices(BoardName.options))
    .option("--label <key=value>", "what it is addressed by; may be given again", addLabel, {})
    .option("--for <span>", "how long the line works, such as 30m or 2h, at most 7d", "1h")
    .option("--root-key <file>", "the fleet's root key, either half; default: the demo's")
    .option("--cancel", "await the board no longer")
    .option("--json", "print one JSON object, for programs")
    .addHelpText("after", HELP)
    .action((device: string, options: EnrollOptions) => run(() => enroll(device, options, signal)));
}

async function enroll(
  device: string,
  options: EnrollOptions,
  signal: AbortSignal,
): Promise<number> {
  const location = await locateHub(options);
  const hub = clientFor(location, signal);
  if (options.cancel) {
    await hub.endEnrolment(device);
    process.stdout.write(`${device} is awaited no longer.\n`);
    return 0;
  }
  if (options.board === undefined) {
    throw new FleetError("USAGE", `Expected --board with one of ${BoardName.options.join(", ")}`);
  }
  const { line, untilMs, targets } = await enrolBoard(hub, new RuntimeShelf(), {
    device,
    board: options.board,
    labels: options.label,
    lifeMs: spanMs(options.for, "--for"),
    hubUrl: location.httpUrl,
    rootKeyFile: options.rootKey ?? path.join(stateDir(), "keys", "fleet-signing.pem"),
  });
  const until = new Date(untilMs).toISOString();
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ schemaVersion: 1, device, line, until, targets }, null, 2)}\n`
      : `Run this on the board (${targets[0]?.startsWith("R") ? "L4T " : ""}${targets.join(" or ")}), once, before ${until}:\n\n${line}\n`,
  );
  return 0;
}

function parseName(text: string): string {
  const name = Name.safeParse(text);
  if (name.success) return name.data;
  throw new InvalidArgumentError(name.error.issues[0]?.message ?? "");
}

function addLabel(text: string, before: Labels): Labels {
  const [key = "", value = ""] = text.split(/=(.*)/s);
  const labels = Labels.safeParse({ ...before, [key]: value });
  if (labels.success && text.includes("=")) return labels.data;
  throw new InvalidArgumentError("expected KEY=VALUE, such as site=basel");
}
