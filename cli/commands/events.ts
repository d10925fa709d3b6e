import { InvalidArgumentError } from "commander";
import { FleetError } from "../../fleet/errors/index.ts";
import { type EventFilter, type HubClient, toldBy } from "../../fleet/hub/client/index.ts";
import type { KeptEvent } from "../../fleet/hub/history-info.ts";
import { Name } from "../../fleet/spec/index.ts";
import { clientFor, type HubOptions, locateHub } from "../hub-location.ts";
import { type Palette, paletteFor } from "../render/colour.ts";
import { eventLine } from "../render/event-text.ts";
import { momentOf } from "../time-span.ts";
import type { CommandContext } from "./command-context.ts";

interface EventOptions extends HubOptions {
  follow?: boolean;
  device?: string;
  pipeline?: string;
  kind?: string[];
  since?: string;
  until?: string;
  limit?: number;
  json?: boolean;
}

const SHOWN = 50;
const PAGE = 1000;

const HELP = `
Prints the newest 50 that fit, or with --since all of them, oldest first. What a
device could not send while it had no connection is there with the time at which
it happened; what the hub noted by itself (a device gone or back, a broken chain)
stands beside it.

Examples:
  jetfleet events --device door --since 2h
  jetfleet events -f --kind update,model-swapped
  jetfleet events --since 2026-11-03T14:00 --until 2026-11-03T15:00 --json

Exit codes:
  0  printed; with --follow: until Ctrl-C
  2  no answer: wrong usage, or the hub cannot be reached or refuses
  130, 143  ended by Ctrl-C or SIGTERM before there was one`;

/** Adds `events`. */
export function registerEvents({ program, withHub, run, signal }: CommandContext): void {
  withHub(program.command("events").description("what happened in the fleet, also before now"))
    .option("-f, --follow", "go on with what happens, until Ctrl-C")
    .option("--device <name>", "of this device only")
    .option("--pipeline <name>", "of this pipeline only")
    .option("--kind <kinds>", "of these kinds only, with commas between", kindsOf)
    .option("--since <when>", "how long ago (90s, 30m, 2h, 7d) or when (2026-11-03T14:00)")
    .option("--until <when>", "the same; default: now")
    .option("--limit <count>", `the newest only; default: ${SHOWN}, with --since all`, countOf)
    .option("--json", "one JSON object per line, for programs")
    .addHelpText("after", HELP)
    .action((options: EventOptions) => run(() => events(options, signal)));
}

async function events(options: EventOptions, signal: AbortSignal): Promise<number> {
  const filter = filterOf(options);
  const client = clientFor(await locateHub(options), signal);
  const palette = paletteFor(process.stdout);
  const print = (kept: readonly KeptEvent[]): void => printEvents(kept, options, palette);
  const newestId = await printPast(client, filter, options, print);
  if (!options.follow) return 0;
  const onLink = (error: FleetError | null): void => {
    const text = error ? `no link to the hub, trying again: ${error.message}` : "the hub is back";
    process.stderr.write(`${palette.faint(`-- ${text}`)}\n`);
  };
  for await (const page of client.history.follow(filter, newestId, signal, onLink)) print(page);
  return 0;
}

/** Returns the id behind which whoever follows goes on. */
async function printPast(
  client: HubClient,
  filter: EventFilter,
  { limit, since }: EventOptions,
  print: (kept: readonly KeptEvent[]) => void,
): Promise<number> {
  const wanted = limit ?? (since === undefined ? SHOWN : Infinity);
  const found: KeptEvent[][] = [];
  let count = 0;
  let newestId = 0;
  for (let more = wanted > 0, before: number | undefined; more; ) {
    const page = await client.history.newest(filter, Math.min(PAGE, wanted - count), before);
    if (found.length === 0) newestId = page.newestId;
    found.push(page.events.toReversed());
    count += page.events.length;
    before = page.events.at(-1)?.id;
    more = page.more && count < wanted;
  }
  for (const page of found.toReversed()) print(page);
  return newestId;
}

function printEvents(kept: readonly KeptEvent[], { json }: EventOptions, palette: Palette): void {
  for (const event of kept.map(toldBy)) {
    const text = json ? JSON.stringify(event) : eventLine(event, palette);
    process.stdout.write(`${text}\n`);
  }
}

function filterOf(options: EventOptions): EventFilter {
  const { device, pipeline, kind: kinds, since, until, follow } = options;
  for (const [option, name] of [
    ["--device", device],
    ["--pipeline", pipeline],
  ] as const) {
    if (name === undefined || Name.safeParse(name).success) continue;
    throw new FleetError(
      "USAGE",
      `Expected ${option} to be a name but got ${JSON.stringify(name)}`,
    );
  }
  if (follow && until !== undefined) {
    throw new FleetError("USAGE", "Expected --follow or --until but got both");
  }
  return {
    ...(device === undefined ? {} : { device }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(since === undefined ? {} : { sinceMs: momentOf(since, "--since") }),
    ...(until === undefined ? {} : { untilMs: momentOf(until, "--until") }),
  };
}

function kindsOf(text: string): string[] {
  const kinds = text.split(",").map((kind) => kind.trim());
  if (kinds.every((kind) => /^[a-z0-9-]{1,64}$/.test(kind))) return kinds;
  throw new InvalidArgumentError("expected kinds such as update,model-swapped");
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000_000) return count;
  throw new InvalidArgumentError("expected a number from 1 to 1000000");
}
