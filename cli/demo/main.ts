import { Command } from "commander";
import { asFleetError, describeError, FleetError } from "../../fleet/errors/index.ts";
import type { HubLocation } from "../hub-location.ts";
import { paletteFor } from "../render/colour.ts";
import { jsonAnswer } from "../render/overlay.ts";
import { statusLines } from "../render/status-text.ts";
import { awaitTruth } from "./await-truth.ts";
import { chooseCamera } from "./camera.ts";
import { type DemoRun, deploy, withFleet } from "./demo.ts";
import { takeDown } from "./down.ts";
import { alone } from "./lock.ts";
import { chooseModel } from "./model.ts";
import { checkOptions, DemoOptions, framesOf } from "./options.ts";
import { BOARDS } from "./parts.ts";
import { DemoFeed, type Picture, shown } from "./picture.ts";
import { awaitHealthy } from "./show.ts";
import { configuredModel } from "./stack.ts";
import { demoPaths } from "./state.ts";
import { Steps } from "./steps.ts";
import { ENOUGH_FRAMES } from "./truth-text.ts";
import { changeModel } from "./update.ts";
import { updateLines } from "./update-text.ts";

const CANCELLED = 130;

const program = new Command("npm run demo --")
  .description(
    "A whole fleet on this machine: hub, camera, two simulated boards, `pulumi up`, and the fleet on screen.\n" +
      "Hub, camera and boards go on in the background; run it again to come back.",
  )
  .option("--once", "print the fleet's state as a table and exit (needs no terminal)")
  .option(
    "--update",
    "deploy the newest street model over the air, and say what that cost and brought",
  )
  .option("--rollback", "go back to the version before, the same way")
  .option("--json", "with --once, --update or --rollback: the answer as one JSON object on stdout")
  .option(
    "--frames <count>",
    "with --once, --update or --rollback: compare so many frames of each pipeline with what the camera showed",
    framesOf,
    ENOUGH_FRAMES,
  )
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

try {
  process.exitCode = await main(DemoOptions.parse(program.parse().opts()));
} catch (error) {
  const shown = asFleetError(error, "running the demo");
  process.stderr.write(`${describeError(shown)}\n`);
  process.exitCode = shown.code === "CANCELLED" ? CANCELLED : 1;
}

async function main(options: DemoOptions): Promise<number> {
  checkOptions(options);
  const paths = demoPaths();
  const steps = new Steps((line) =>
    (options.json ? process.stderr : process.stdout).write(`${line}\n`),
  );
  steps.plain(`jetfleet demo · state in ${paths.state} · logs in ${paths.logs}`);
  if (options.down) {
    const work = (): Promise<boolean> => takeDown(paths, options.purge, steps, cancel.signal);
    return (await alone(paths.lock, work)) ? 0 : 1;
  }
  const run: DemoRun = {
    paths,
    camera: await chooseCamera(options.source),
    steps,
    out: options.json ? "stderr" : "stdout",
    enoughFrames: options.frames,
    signal: cancel.signal,
  };
  return options.update || options.rollback ? update(options, run) : show(options, run);
}

/** Brings the fleet up as it was deployed last and shows it. */
async function show(options: DemoOptions, run: DemoRun): Promise<number> {
  const { paths, steps, signal } = run;
  const location = await alone(paths.lock, async () => {
    // Whatever the user gave is checked before anything is started.
    const model = await chooseModel(options, await configuredModel(paths, signal));
    return withFleet(run, async (fleet) => {
      steps.say("model", model.title);
      await deploy(run, fleet, model);
      return fleet.location;
    });
  });
  const interactive = process.stdin.isTTY && process.stdout.isTTY && !options.once && !options.json;
  const picture = await awaitPicture(location, run, !interactive);
  return interactive ? openConsole(location, run) : printOnce(picture, options);
}

async function awaitPicture(
  location: HubLocation,
  run: DemoRun,
  withTruth: boolean,
): Promise<Picture> {
  const { steps, signal } = run;
  const feed = await DemoFeed.open(location, signal);
  try {
    const devices = BOARDS.map(({ name }) => name);
    const { healthy } = await awaitHealthy(feed.fleet, devices, signal);
    steps.say("fleet", healthy ? "all pipelines deliver frames" : "something is wrong, see below");
    if (healthy && withTruth && feed.hasTruth) await awaitTruth(feed, run);
    return feed.picture();
  } finally {
    await feed.close();
  }
}

/** Changes the model of what is deployed and says what happened. */
async function update(options: DemoOptions, run: DemoRun): Promise<number> {
  const { paths, steps, signal } = run;
  const report = await alone(paths.lock, async () => {
    const configured = await configuredModel(paths, signal);
    if (configured === null) {
      throw new FleetError("USAGE", "Expected a deployed demo to change but nothing is deployed", {
        hint: "Run `npm run demo` first; it deploys the first version.",
      });
    }
    const model = await chooseModel(options, configured);
    return withFleet(run, (fleet) => changeModel(run, fleet, model));
  });
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  }
  steps.plain();
  const lines = updateLines(report, screenWidth(), paletteFor(process.stdout));
  for (const line of lines) steps.plain(line);
  return 0;
}

function printOnce(picture: Picture, options: DemoOptions): number {
  const view = shown(picture);
  const lines = options.json
    ? [JSON.stringify(jsonAnswer(view), null, 2)]
    : ["", ...statusLines(view, screenWidth(), paletteFor(process.stdout)), "", farewell()];
  process.stdout.write(`${lines.join("\n")}\n`);
  return view.healthy ? 0 : 1;
}

function screenWidth(): number {
  return Math.max(40, process.stdout.columns ?? 80);
}

async function openConsole(location: HubLocation, { paths, steps }: DemoRun): Promise<number> {
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
    "  update      npm run demo -- --update, and back with --rollback",
    "  change      npm run pulumi -- preview",
    "  end         npm run demo -- --down",
  ].join("\n");
}
