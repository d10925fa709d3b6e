import { Command } from "commander";
import { asFleetError, describeError, FleetError } from "../../fleet/errors/index.ts";
import type { FleetView } from "../fleet-view/index.ts";
import type { HubLocation } from "../hub-location.ts";
import { paletteFor } from "../render/colour.ts";
import { statusLines } from "../render/status-text.ts";
import { bringUp } from "./demo.ts";
import { takeDown } from "./down.ts";
import { alone } from "./lock.ts";
import { DemoOptions } from "./options.ts";
import { BOARDS } from "./parts.ts";
import { awaitHealthy } from "./show.ts";
import { type DemoPaths, demoPaths } from "./state.ts";
import { Steps } from "./steps.ts";

const CANCELLED = 130;

const program = new Command("npm run demo --")
  .description(
    "A whole fleet on this machine: hub, camera, two simulated boards, `pulumi up`, and the fleet on screen.\n" +
      "Hub, camera and boards go on in the background; run it again to come back.",
  )
  .option("--once", "print the fleet's state as a table and exit (needs no terminal)")
  .option("--down", "`pulumi destroy`, then end every process")
  .option("--purge", "with --down: remove the state folder too (keys, logs, boards' disks)")
  .option(
    "--source <uri>",
    "rtsp:// camera, or an H.264 video file, which is served to the boards as it is",
  )
  .option("--model <file>", "ONNX detector with a YOLOX output instead of the scene's own")
  .option("--labels <file>", "its class names, one a line; default: the 80 of COCO")
  .addHelpText("after", "\nExit codes: 0 all well, 1 something is wrong, 130 cancelled.");

const cancel = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => cancel.abort(signal));
}
const steps = new Steps((line) => process.stdout.write(`${line}\n`));

try {
  process.exitCode = await main(DemoOptions.parse(program.parse().opts()));
} catch (error) {
  const shown = asFleetError(error, "running the demo");
  process.stderr.write(`${describeError(shown)}\n`);
  process.exitCode = shown.code === "CANCELLED" ? CANCELLED : 1;
}

async function main(options: DemoOptions): Promise<number> {
  const paths = demoPaths();
  if (options.purge && !options.down) {
    throw new FleetError("USAGE", "Expected --purge together with --down");
  }
  steps.plain(`jetfleet demo · state in ${paths.state} · logs in ${paths.logs}`);
  if (options.down) {
    const work = (): Promise<boolean> => takeDown(paths, options.purge, steps, cancel.signal);
    return (await alone(paths.lock, work)) ? 0 : 1;
  }
  const location = await alone(paths.lock, () => bringUp(options, paths, steps, cancel.signal));
  const devices = BOARDS.map(({ name }) => name);
  const view = await awaitHealthy(location, devices, cancel.signal);
  steps.say(
    "fleet",
    view.healthy ? "all pipelines deliver frames" : "something is wrong, see below",
  );
  const interactive = process.stdin.isTTY && process.stdout.isTTY && !options.once;
  return interactive ? openConsole(location, paths) : printOnce(view);
}

function printOnce(view: FleetView): number {
  const width = Math.max(40, process.stdout.columns ?? 80);
  steps.plain();
  for (const line of statusLines(view, width, paletteFor(process.stdout))) steps.plain(line);
  steps.plain();
  steps.plain(farewell());
  return view.healthy ? 0 : 1;
}

async function openConsole(location: HubLocation, paths: DemoPaths): Promise<number> {
  const { showConsole } = await import("../commands/console.ts");
  const code = await showConsole(location, cancel.signal);
  steps.plain(`${farewell()}\nLogs are in ${paths.logs}.`);
  return code;
}

function farewell(): string {
  return [
    "Hub, camera and boards go on in the background.",
    "  come back   npm run demo, or npm run jetfleet",
    "  look        npm run jetfleet -- status",
    "  change      npm run pulumi -- preview",
    "  end         npm run demo -- --down",
  ].join("\n");
}
