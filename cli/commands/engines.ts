import { chosenDevices } from "../chosen-devices.ts";
import { enginesOf } from "../device-engines.ts";
import { clientFor, type HubOptions, locateHub } from "../hub-location.ts";
import { type DeviceEngines, engineLines } from "../render/engines-text.ts";
import type { CommandContext } from "./command-context.ts";
import { registerPruneEngines } from "./prune-engines.ts";

interface EnginesOptions extends HubOptions {
  json?: boolean;
}

const HELP = `
An engine is what a device made of a model for itself. It is of use under one key,
which names the model, the library and the processor; with another library, say, it
is built anew. What is in use stays; the rest goes, the longest unused first, when
the device's quota (engineQuotaMib of its Device) is full, or at once by \`engines prune\`.

An engine of another device with the very same key is fetched through the hub instead
of built: the device that built it signed it, and it was tried here on golden pictures.
SELF-TEST is what was found in them, and how far scores are from the model's own.

A model of which no engine can be made is listed with the reason: the device answers
at once when it is asked again, until something in the key changes.

Exit codes:
  0  the answer is complete
  1  a device reports no engines: its agent is older, or it never reported
  2  no answer: wrong usage, or the hub cannot be reached or refuses
  130, 143  ended by Ctrl-C or SIGTERM before there was one`;

/** Adds `engines`. */
export function registerEngines(context: CommandContext): void {
  const { program, withHub, run, signal } = context;
  const command = program.command("engines").description("what the devices built of their models");
  registerPruneEngines({ ...context, program: command });
  withHub(command)
    .argument("[device]", "default: every device")
    .option("--json", "print one JSON object, for programs")
    .addHelpText("after", HELP)
    .action((device: string | undefined, options: EnginesOptions) =>
      run(() => engines(device, options, signal)),
    );
}

async function engines(
  device: string | undefined,
  options: EnginesOptions,
  signal: AbortSignal,
): Promise<number> {
  const client = clientFor(await locateHub(options), signal);
  const known = (await client.listDevices()).map(({ name }) => name);
  const devices: DeviceEngines[] = [];
  for (const name of chosenDevices(known, device)) devices.push(await enginesOf(client, name));
  const text = options.json
    ? JSON.stringify({ schemaVersion: 1, devices }, null, 2)
    : engineLines(devices).join("\n");
  process.stdout.write(`${text}\n`);
  return devices.every((one) => one.engines !== null) ? 0 : 1;
}
