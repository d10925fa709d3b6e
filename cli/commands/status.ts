import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { FleetView } from "../../fleet/view/index.ts";
import { type HubOptions, locateHub, openFeed } from "../hub-location.ts";
import { openOverlay } from "../overlay-source.ts";
import { paletteFor } from "../render/colour.ts";
import { jsonAnswer, type Shown } from "../render/overlay.ts";
import { statusLines } from "../render/status-text.ts";
import type { CommandContext } from "./command-context.ts";

interface StatusOptions extends HubOptions {
  json?: boolean;
  jsonSchema?: boolean;
  watch?: boolean;
}

const HELP = `
Plan and measurement:
  MAX FPS and INFER ms are estimates for TensorRT on the board's own silicon,
  NOW is the inference as measured; below the table stands on what. BUDGET holds
  frames a second and p95 latency against the pipeline's budget. One that looks
  missed is listened to for ten seconds; if it stays so it is a warning, which
  does not change the exit code.

Exit codes:
  0  every device is online and every pipeline runs
  1  something is wrong; the answer says what
  2  no answer: wrong usage, or the hub cannot be reached or refuses
  130, 143  ended by Ctrl-C or SIGTERM before there was one`;

/** What --json prints; its schema is printed by --json-schema. */
export const StatusAnswer = FleetView.extend({
  overlays: z.record(z.string(), z.unknown()).optional().meta({
    description:
      "What others than the devices say of the fleet, by name; of the demo's its `truth`.",
  }),
});
export type StatusAnswer = z.infer<typeof StatusAnswer>;

const WATCH_INTERVAL_MS = 2000;
const DEFAULT_WIDTH = 80;

/** Adds `status`. */
export function registerStatus({ program, withHub, run, signal }: CommandContext): void {
  withHub(program.command("status").description("print devices, pipelines and what is wrong"))
    .option("--json", "print one JSON object, for programs")
    .option("--json-schema", "print what --json prints as a JSON Schema, and end")
    .option("--watch", "print again every two seconds, until Ctrl-C")
    .addHelpText("after", HELP)
    .action((options: StatusOptions) => run(() => status(options, signal)));
}

/** Prints the fleet's state and returns the exit code. */
async function status(options: StatusOptions, signal: AbortSignal): Promise<number> {
  if (options.jsonSchema) {
    process.stdout.write(`${JSON.stringify(z.toJSONSchema(StatusAnswer), null, 2)}\n`);
    return 0;
  }
  const location = await locateHub(options);
  const feed = await openFeed(location, signal);
  const overlays = await openOverlay(location);
  try {
    await feed.settle();
    if (!options.watch) await feed.settleBudgets(signal);
    for (;;) {
      const view = FleetView.parse(feed.view());
      print({ ...view, overlay: overlays?.overlay(view) ?? null }, options);
      if (!options.watch || signal.aborted) return view.healthy ? 0 : 1;
      await delay(WATCH_INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    overlays?.close();
    await feed.close();
  }
}

function print(view: Shown, options: StatusOptions): void {
  if (options.json) {
    // With --watch one object per line, so that a reader can tell them apart.
    const answer = jsonAnswer(view);
    const text = options.watch ? JSON.stringify(answer) : JSON.stringify(answer, null, 2);
    process.stdout.write(`${text}\n`);
    return;
  }
  const { stdout } = process;
  const width = Math.max(40, stdout.columns ?? (Number(process.env["COLUMNS"]) || DEFAULT_WIDTH));
  if (options.watch && stdout.isTTY) stdout.write("\u001b[H\u001b[2J");
  stdout.write(`${statusLines(view, width, paletteFor(stdout)).join("\n")}\n`);
}
