import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JournalHead } from "../../../fleet/contract/index.ts";
import type { Identity } from "../../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { signHead } from "../../../fleet/transfer/identity/signed-head.ts";
import { chainOf } from "../../fleet/journal/made.ts";
import { HubProcess, type Outcome, outcomeOf, until } from "../../hub/running-hub.ts";
import { JETFLEET } from "../support/two-devices.ts";
import { ReportingDevice } from "./reporting-device.ts";

let hub: HubProcess;
let device: ReportingDevice;

beforeAll(async () => {
  hub = await HubProcess.start();
  for (const name of ["door", "gate"]) await hub.certify(name);
  device = await ReportingDevice.start(hub, "door");
  for (const message of ["one", "two", "three", "four", "five"]) device.event(message);
  await until("all of them", () => device.settled);
  await until(
    "the device's head",
    async () => (await jetfleet("journal", "verify", "door")).code === 0,
  );
}, 60_000);
afterAll(async () => {
  await device.stop();
  await hub.remove();
});

const where = (): string[] => ["--hub", hub.record.httpUrl, "--identity", hub.operatorFile];

function identityOf(device: string): Identity {
  return new IdentityFile(hub.identityFile(device)).current();
}

function jetfleet(...args: string[]): Promise<Outcome> {
  return outcomeOf(JETFLEET, [...args, ...where()]);
}

/** Somebody with access to the hub's disk. */
function tamper(...sql: string[]): void {
  const db = new DatabaseSync(path.join(hub.stateDir, "history", "history.sqlite"));
  for (const one of sql) db.exec(one);
  db.close();
}

describe("jetfleet journal verify", () => {
  it("ends with 0 and says how far the chain reaches when it is whole", async () => {
    const { code, stdout } = await jetfleet("journal", "verify", "door");
    expect(stdout).toMatch(
      /^door: whole, 6 events of chain [0-9a-f]{8} from 1 to 6; the device's head is 6, signed \d{4}-\S+ \S+ by its clock with its key [0-9a-f]{16}/,
    );
    expect(code).toBe(0);
  });

  const swap = [
    "CREATE TEMP TABLE places AS SELECT seq, id FROM events WHERE seq IN (3, 5)",
    "UPDATE events SET id = -seq WHERE seq IN (3, 5)",
    `UPDATE events SET id = (SELECT id FROM places WHERE places.seq = 8 - events.seq)
     WHERE seq IN (3, 5)`,
  ];

  it.each<[string, string[], RegExp, string[]]>([
    [
      "removed",
      ["CREATE TABLE spare AS SELECT * FROM events", "DELETE FROM events WHERE seq = 3"],
      /^ {2}removed: event 3 is missing from chain/m,
      ["DELETE FROM events", "INSERT INTO events SELECT * FROM spare"],
    ],
    [
      "altered",
      [`UPDATE events SET text = replace(text, '"three"', '"drei"') WHERE seq = 4`],
      /^ {2}altered: event 4 of chain [0-9a-f]+ is not what event 5 says/m,
      [`UPDATE events SET text = replace(text, '"drei"', '"three"') WHERE seq = 4`],
    ],
    [
      "altered",
      [`UPDATE events SET text = replace(text, '"five"', '"six"') WHERE seq = 6`],
      /^ {2}altered: event 6 of chain [0-9a-f]+ is not what the device's own head says/m,
      [`UPDATE events SET text = replace(text, '"six"', '"five"') WHERE seq = 6`],
    ],
    ["reordered", swap, /^ {2}reordered: event 3 of chain [0-9a-f]+ stands behind 5/m, swap],
    [
      "removed at the end",
      ["DELETE FROM events WHERE seq = 6"],
      /^ {2}removed: event 6 is missing from chain/m,
      ["DELETE FROM events", "INSERT INTO events SELECT * FROM spare"],
    ],
    [
      "altered beyond reading",
      ["UPDATE events SET text = '{' WHERE seq = 2"],
      /^ {2}altered: event 2 of chain [0-9a-f]+ is not what the contract/m,
      ["DELETE FROM events", "INSERT INTO events SELECT * FROM spare"],
    ],
  ])("finds an event %s on the hub's disk", async (_, damage, words, repair) => {
    tamper(...damage);
    const { code, stdout } = await jetfleet("journal", "verify", "door");
    tamper(...repair);
    expect(stdout).toMatch(/^door: broken/);
    expect(stdout).toMatch(words);
    expect(code).toBe(1);
    expect((await jetfleet("journal", "verify", "door")).code).toBe(0);
  });

  it("calls unproven what it cannot hold against a head, and checks every device unless told", async () => {
    for (const { text } of chainOf(["a"])) {
      await hub.publish("gate", "jetfleet/v1/demo/gate/events", "-q", "1", "-m", text);
    }
    const { code, stdout } = await jetfleet("journal", "verify", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      journals: [
        { device: "door", state: "whole" },
        { device: "gate", state: "unproven", findings: [{ kind: "no-head" }] },
      ],
    });
    expect(code).toBe(1);
  });

  it("ends with 2 and names the devices when there is none of that name", async () => {
    const { code, stderr } = await jetfleet("journal", "verify", "dor");
    expect(code).toBe(2);
    expect(stderr).toContain("Expected a device that the hub knows but got dor");
    expect(stderr).toContain("It knows door, gate.");
  });

  it.each<[string, (head: JournalHead) => JournalHead, RegExp]>([
    ["that nobody signed", ({ signed: _, ...head }) => head, /^ {2}unsigned: /m],
    [
      "that another device signed",
      (head) => signHead(head, identityOf("gate"), Date.now()),
      /^ {2}forged: .* signed by device gate of fleet demo/m,
    ],
    [
      "that was changed to fit what is left",
      (head) => ({ ...head, seq: 5, settledSeq: 5 }),
      /^ {2}forged: .* signature does not fit/m,
    ],
  ])("does not believe a head %s, which the hub shows as the device's", async (_, forge, words) => {
    await hub.certify("porch");
    const porch = await ReportingDevice.start(hub, "porch");
    porch.event("one");
    await until("its head", async () => (await jetfleet("journal", "verify", "porch")).code === 0);
    const shown = await hub.client().getRetained("porch", "reported");
    await porch.stop();
    const reported = JSON.parse(String(Buffer.from(shown!))) as { journal: JournalHead };
    const message = JSON.stringify({ ...reported, journal: forge(reported.journal) });
    await hub.publish("porch", "jetfleet/v1/demo/porch/reported", "-r", "-q", "1", "-m", message);
    const { code, stdout } = await jetfleet("journal", "verify", "porch");
    expect(stdout).toMatch(words);
    expect(stdout).not.toMatch(/^porch: whole/);
    expect(code).toBe(1);
    await hub.client().deleteDevice("porch");
  });
});

describe("jetfleet events", () => {
  it("prints what happened before it was called, oldest first, with filters", async () => {
    const { code, stdout } = await jetfleet("events", "--device", "door", "--kind", "test");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(21))).toEqual(
      ["one", "two", "three", "four", "five"].map((message) => `door  test: ${message}`),
    );
    const limited = await jetfleet("events", "--device", "door", "--kind", "test", "--limit", "2");
    expect(limited.stdout.trimEnd().split("\n")).toEqual(lines.slice(-2));
    expect((await jetfleet("events", "--until", "1h")).stdout).toBe("");
  });

  it("prints JSON lines with the device's own place in its chain", async () => {
    const { stdout } = await jetfleet("events", "--device", "door", "--kind", "test", "--json");
    const first: unknown = JSON.parse(stdout.split("\n")[0] ?? "");
    expect(first).toMatchObject({ device: "door", source: "device", seq: 2, message: "one" });
  });

  it("goes on with what happens, over a hub that was away, until Ctrl-C", async () => {
    const args = ["events", "-f", "--device", "door", "--kind", "test", "--limit", "1", ...where()];
    const child = spawn(JETFLEET, args);
    const said = { out: "", err: "" };
    child.stdout.on("data", (chunk) => (said.out += String(chunk)));
    child.stderr.on("data", (chunk) => (said.err += String(chunk)));
    await until("the past", () => said.out.includes("test: five"));
    device.event("six");
    await until("the present", () => said.out.includes("test: six"));
    await hub.end("SIGKILL");
    await until("a word on the lost link", () => said.err.includes("no link to the hub"));
    await hub.restart();
    device.event("seven");
    await until("the future", () => said.out.includes("test: seven"));
    expect(said.err).toContain("the hub is back");
    expect(said.out.match(/test: six/g)).toHaveLength(1);
    const ended = once(child, "exit");
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(0);
  }, 60_000);

  it.each<[string[], string]>([
    [["--since", "yesterday"], "Expected --since to be such as 2h"],
    [["--device", "../door"], "Expected --device to be a name"],
    [["--kind", "no kind"], "expected kinds such as"],
    [["--limit", "0"], "expected a number from 1"],
    [["-f", "--until", "1h"], "Expected --follow or --until but got both"],
    [["--hub", "https://127.0.0.1:1"], "Expected the hub at https://127.0.0.1:1"],
  ])("ends with 2 for %j and says what it expected", async (args, words) => {
    const { code, stderr } = await outcomeOf(JETFLEET, ["events", ...where(), ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});
