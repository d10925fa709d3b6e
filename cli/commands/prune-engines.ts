import type { Command } from "commander";
import { type EnginePruned, Reported } from "../../fleet/contract/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import type { HubClient } from "../../fleet/hub/client/index.ts";
import { parseJson } from "../../fleet/release/index.ts";
import { wait } from "../../fleet/transfer/backoff.ts";
import { chosenDevices } from "../chosen-devices.ts";
import { enginesOf } from "../device-engines.ts";
import { clientFor, type HubOptions, locateHub } from "../hub-location.ts";
import { type PrunePlan, planLines, planPrune, prunedLine } from "../render/prune-text.ts";
import type { CommandContext } from "./command-context.ts";

interface PruneOptions extends HubOptions {
  yes?: boolean;
  all?: boolean;
  json?: boolean;
}

interface Outcome extends PrunePlan {
  names: Record<string, string>;
  /** Null: nothing was ordered, or nobody has heard yet what became of it. */
  pruned: EnginePruned | null;
  note: string | null;
}

/** A device that hears of it follows within seconds. */
const ANSWER_MS = 15_000;
const LOOK_MS = 300;

const HELP = `
Without --yes nothing is removed: it says what would go, what stays, and why. What a
pipeline runs, is about to run, or is to go back to, never goes, even if it is put to
work after you looked. A device that is off follows once it is back.

Exit codes:
  0  every device that was asked for has followed, or nothing was to be removed
  1  a device has not followed yet, does not know such orders or reports no engines
  2  no answer: wrong usage, or the hub cannot be reached or refuses
  130, 143  ended by Ctrl-C or SIGTERM before there was one`;

/** Adds `prune` to `engines`. */
export function registerPruneEngines({
  program: engines,
  withHub,
  run,
  signal,
}: CommandContext): void {
  withHub(engines.command("prune").description("have devices remove engines that nothing runs"))
    .argument("[device]", "default: every device")
    .option("--yes", "do it; without it, only say what would be done")
    .option("--all", "forget of which models none can be built, too")
    .option("--json", "print one JSON object, for programs")
    .addHelpText("after", HELP)
    .action((device: string | undefined, _options: unknown, command: Command) =>
      run(() => prune(device, command.optsWithGlobals<PruneOptions>(), signal)),
    );
}

async function prune(
  device: string | undefined,
  options: PruneOptions,
  signal: AbortSignal,
): Promise<number> {
  const client = clientFor(await locateHub(options), signal);
  const known = (await client.listDevices()).map(({ name }) => name);
  const outcomes: Outcome[] = [];
  for (const name of chosenDevices(known, device)) {
    outcomes.push(await pruneOn(client, name, options, signal));
  }
  const text = options.json
    ? JSON.stringify(
        { schemaVersion: 1, ordered: options.yes ?? false, devices: outcomes },
        null,
        2,
      )
    : outcomes.flatMap((one) => linesOf(one)).join("\n");
  const more = !options.json && !options.yes && outcomes.some(({ go }) => go.length > 0);
  process.stdout.write(`${text}\n${more ? "Nothing was removed: say --yes to do it.\n" : ""}`);
  return outcomes.every(({ note }) => note === null) ? 0 : 1;
}

async function pruneOn(
  client: HubClient,
  device: string,
  { yes = false, all = false }: PruneOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const { engines, names } = await enginesOf(client, device);
  const plan = planPrune(device, engines ?? [], all);
  const outcome: Outcome = { ...plan, names, pruned: null, note: null };
  if (engines === null) return { ...outcome, note: "it reports no engines" };
  if (!yes || plan.go.length === 0) return outcome;
  try {
    const keys = plan.go.map(({ key }) => key);
    const number = await client.deploy.pruneEngines(device, keys);
    const pruned = await followed(client, device, number, signal);
    const note = pruned === null ? "it has not followed yet, and will once it hears of it" : null;
    return { ...outcome, pruned, note };
  } catch (error) {
    if (!isFleetError(error, "AGENT_OUTDATED")) throw error;
    return { ...outcome, note: `${error.message}. ${error.hint}` };
  }
}

/** What the device says of the order; null when it says nothing in time. */
async function followed(
  client: HubClient,
  device: string,
  number: number,
  signal: AbortSignal,
): Promise<EnginePruned | null> {
  const endMs = performance.now() + ANSWER_MS;
  while (performance.now() < endMs) {
    const bytes = await client.getRetained(device, "reported");
    const text = Buffer.from(bytes ?? []).toString("utf8");
    const pruned = Reported.safeParse(parseJson(text)).data?.pruned;
    if (pruned && pruned.number >= number) return pruned;
    await wait(LOOK_MS, signal);
  }
  return null;
}

function linesOf(outcome: Outcome): string[] {
  const { device, names, pruned, note } = outcome;
  if (pruned !== null) return [prunedLine(device, pruned)];
  const lines = note !== null && outcome.go.length + outcome.stay.length === 0;
  return [
    ...(lines ? [] : planLines(outcome, names)),
    ...(note === null ? [] : [`${device}: ${note}`]),
  ];
}
