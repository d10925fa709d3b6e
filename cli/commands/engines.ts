import type { Command } from "commander";
import { Reported } from "../../fleet/contract/index.ts";
import { asFleetError } from "../../fleet/errors/index.ts";
import type { HubClient } from "../../fleet/hub/client/index.ts";
import { parseJson } from "../../fleet/release/index.ts";
import { chosenDevices } from "../chosen-devices.ts";
import { clientFor, type HubOptions, locateHub } from "../hub-location.ts";
import { type DeviceEngines, engineLines } from "../render/engines-text.ts";

interface EnginesOptions extends HubOptions {
  json?: boolean;
}

type Run = (command: () => Promise<number>) => Promise<void>;

const HELP = `
An engine is what a device made of a model for itself. It is of use under one key,
which names the model, the library and the processor; with another library, say, it
is built anew. What is in use stays; the rest goes, the longest unused first, when
the device's quota (engineQuotaBytes of its configuration) is full.

A model of which no engine can be made is listed with the reason: the device answers
at once when it is asked again, until something in the key changes.

Exit codes:
  0  the answer is complete
  1  a device reports no engines: its agent is older, or it never reported
  2  no answer: wrong usage, or the hub cannot be reached or refuses
  130, 143  ended by Ctrl-C or SIGTERM before there was one`;

/** Adds `engines`. */
export function registerEngines(
  program: Command,
  withHub: (command: Command) => Command,
  run: Run,
  signal: AbortSignal,
): void {
  withHub(program.command("engines").description("what the devices built of their models"))
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

/** As the device last reported, be it online or not. */
async function enginesOf(client: HubClient, device: string): Promise<DeviceEngines> {
  const bytes = await client.getRetained(device, "reported");
  if (bytes === null) return { device, reportedAtMs: null, engines: null, names: {} };
  const parsed = Reported.safeParse(parseJson(Buffer.from(bytes).toString("utf8")));
  if (!parsed.success) throw asFleetError(parsed.error, `reading what ${device} reports`);
  const { atMs, engines = null, pipelines } = parsed.data;
  const names = Object.fromEntries(pipelines.map(({ model }) => [model.digest, model.name]));
  return { device, reportedAtMs: atMs, engines, names };
}
