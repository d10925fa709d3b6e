import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unitFiles } from "../../../fleet/provision/runtime/index.ts";

const units = Object.entries(unitFiles(null))
  .map(([path, text]) => ({ name: basename(path), text }))
  .filter(({ name }) => !name.endsWith(".sh"));
/** Root's own, to which nobody speaks: the way back to a former agent, and clocks at boots. */
const ROOTS = ["jetfleet-probation.service", "jetfleet-clocks.service"];
const services = units.filter(({ name }) => name.endsWith(".service") && !ROOTS.includes(name));

/** Settings of a unit by name; one that is given twice by its last value. */
function settings(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s) as [string, string]));
}

describe("the units of a board", () => {
  test.each(services)("$name gives up every right that it can do without", ({ text }) => {
    expect(settings(text)).toMatchObject({
      User: expect.stringMatching(/^jetfleet/) as string,
      NoNewPrivileges: "yes",
      CapabilityBoundingSet: "",
      AmbientCapabilities: "",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      PrivateTmp: "yes",
      MemoryMax: expect.any(String) as string,
      TasksMax: expect.any(String) as string,
    });
  });

  test.each(services)(
    "$name allows system calls by no list that systemd 237 may not know",
    ({ text }) => {
      // Of a list that allows, systemd 237 passes over the groups that it does not know: nothing is left to run with.
      expect(settings(text)["SystemCallFilter"]).toMatch(/^~/);
    },
  );

  test("a runner has no folder to write to, and the agent its own alone", () => {
    const written = services.map(({ text }) => settings(text)["ReadWritePaths"]);
    expect(written).toEqual([undefined, "/var/lib/jetfleet"]);
  });

  test("only the agent may ask for runners", () => {
    const socket = units.find(({ name }) => name.endsWith(".socket"));
    expect(settings(socket?.text ?? "")).toMatchObject({
      Accept: "yes",
      SocketUser: "jetfleet",
      SocketMode: "0600",
    });
  });
});

/** `--offline` came with systemd 250. */
const version = Number(
  /systemd (\d+)/.exec(
    spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" }).stdout,
  )?.[1],
);
const why = version >= 250 ? "" : " (skipped: no systemd-analyze of 250 or later)";

describe.skipIf(!(version >= 250))(`systemd's own judgement of the units${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-units-"));
  beforeAll(() => {
    for (const { name, text } of units) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const analyze = (...args: string[]) =>
    spawnSync("systemd-analyze", args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });

  test.each([
    ["jetfleet-agent.service", 1.6],
    ["jetfleet-runner@.service", 1.9],
  ])("%s is exposed by no more than %d of 10", (name, most) => {
    const { stdout } = analyze("security", "--offline=true", "--no-pager", join(folder, name));
    const figure = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
    expect(Number(figure)).toBeLessThanOrEqual(most);
  });

  test("no line is wrong to it", () => {
    const files = units.map(({ name }) => join(folder, name.replace("@.", "@1.")));
    const { stderr } = analyze("verify", ...files);
    const complaints = stderr
      .split("\n")
      .filter((line) => line !== "" && !/is not executable: No such file/.test(line));
    expect(complaints).toEqual([]);
  });
});
