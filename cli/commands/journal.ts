import { z } from "zod";
import { JournalHead } from "../../fleet/contract/index.ts";
import type { HubClient } from "../../fleet/hub/client/index.ts";
import { JournalVerifier } from "../../fleet/journal/index.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { judgeHead } from "../../fleet/transfer/identity/signed-head.ts";
import { chosenDevices } from "../chosen-devices.ts";
import { clientFor, type HubOptions, locateHub } from "../hub-location.ts";
import { paletteFor } from "../render/colour.ts";
import { type CheckedJournal, journalLines } from "../render/journal-text.ts";
import type { CommandContext } from "./command-context.ts";

interface VerifyOptions extends HubOptions {
  json?: boolean;
}

const HELP = `
Reads every event that the hub keeps of the device, hashes the exact texts, and
follows the chain to the head that the device itself reports.

It finds events that were removed, altered, put in another order or given the
number of another one, wherever that was done after the device wrote them; what
the device dropped it says itself, and that breaks nothing. The head must be signed
by the device, with the key of its certificate, whose CA is the one in the identity
file: a head that somebody else made is found.

It does not cover what the hub let go because it was too much, or never saw (both
are told); an older head of the device, shown again with the events up to it (the
time of its signing is told); nor whoever has the key of the fleet's CA, as the hub
has, and makes the device a second certificate (the id of the key is told).

Exit codes:
  0  every chain is whole
  1  a chain is broken, or there is nothing to hold it against; the answer says which
  2  no answer: wrong usage, or the hub cannot be reached or refuses
  130, 143  ended by Ctrl-C or SIGTERM before there was one`;

/** Adds `journal verify`. */
export function registerJournal({ program, withHub, run, signal }: CommandContext): void {
  const journal = program.command("journal").description("the devices' hash chains of events");
  withHub(journal.command("verify").description("check a device's chain from the hub to its head"))
    .argument("[device]", "default: every device")
    .option("--json", "print one JSON object, for programs")
    .addHelpText("after", HELP)
    .action((device: string | undefined, options: VerifyOptions) =>
      run(() => verify(device, options, signal)),
    );
}

async function verify(
  device: string | undefined,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<number> {
  const location = await locateHub(options);
  const { caPem, peer } = new IdentityFile(location.identityFile).current();
  const client = clientFor(location, signal);
  const names = await devicesOf(client, device);
  const checked: CheckedJournal[] = [];
  for (const name of names) {
    checked.push(await check(client, { fleet: peer.fleet, name }, caPem));
  }
  const text = options.json
    ? JSON.stringify({ schemaVersion: 1, journals: checked }, null, 2)
    : journalLines(checked, paletteFor(process.stdout)).join("\n");
  process.stdout.write(`${text}\n`);
  return checked.every(({ state }) => state === "whole") ? 0 : 1;
}

async function devicesOf(client: HubClient, device: string | undefined): Promise<string[]> {
  const known = (await client.listDevices()).map(({ name }) => name);
  const { chains } = await client.history.chains();
  return chosenDevices([...known, ...chains.map((chain) => chain.device)], device);
}

async function check(
  client: HubClient,
  of: { fleet: string; name: string },
  caPem: string,
): Promise<CheckedJournal> {
  const device = of.name;
  // The head first: what comes while the events are read may be more than it names, never less.
  const head = await headOf(client, device);
  const { chains, devices } = await client.history.chains(device);
  const verifier = new JournalVerifier(chains);
  for await (const page of client.history.all({ device })) {
    for (const { chain, seq, text } of page) {
      if (seq !== null) verifier.add({ chain, seq, text });
    }
  }
  const word = head && judgeHead(head.journal, of, caPem);
  const verdict = verifier.finish(head && word && { head: head.journal, word });
  const proven = word?.kind === "signed" && verdict.events > 0;
  const state = !verdict.whole ? "broken" : proven ? "whole" : "unproven";
  const droppedByHub = devices[0]?.droppedEvents ?? 0;
  const keyId = word?.kind === "signed" ? word.keyId : null;
  return { device, state, head, keyId, droppedByHub, ...verdict };
}

const Reported = z.object({ atMs: z.number(), journal: JournalHead });

/** Where the device says that its chain ends; null when it does not say, as an older agent. */
async function headOf(client: HubClient, device: string): Promise<CheckedJournal["head"]> {
  const bytes = await client.getRetained(device, "reported");
  if (bytes === null) return null;
  try {
    return Reported.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return null;
  }
}
