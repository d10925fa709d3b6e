import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FULL } from "../../support/long-form.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, type Outcome, Stack } from "./support/stack.ts";

const why = ENGINE ? "" : " (skipped: no Pulumi engine; run `npm run setup`)";
const PASSWORD = "geheim";
const URI = `rtsp://viewer:${PASSWORD}@10.0.9.1/stream1`;

const entrance = (model: string) => ({
  sources: { camera: { uri: URI } },
  detect: { model, minScore: 0.4 },
});

describe.skipIf(!ENGINE)(`components of another language${why}`, { timeout: 240_000 }, () => {
  let world: World;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-components-"));
    world = await createWorld();
  }, 120_000);
  afterAll(async () => {
    await world?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function stackOf(name: string): Promise<Stack> {
    const env = { PULUMI_DEBUG_PROVIDERS: `jetfleet:${world.providerPort}` };
    const stack = await Stack.create(dir, name, env);
    stack.configure(world.config as Record<string, string>);
    return stack;
  }

  async function good(outcome: Promise<Outcome>): Promise<string> {
    const { ok, text } = await outcome;
    expect(ok, text).toBe(true);
    expect(text).not.toContain(PASSWORD);
    return text;
  }

  /** What the provider answered the program. */
  function toldBy(raw: string): Record<string, unknown> {
    const { deployment } = JSON.parse(raw) as {
      deployment: { resources: { type: string; outputs?: { told?: Record<string, unknown> } }[] };
    };
    const root = deployment.resources.find(({ type }) => type === "pulumi:pulumi:Stack");
    return root?.outputs?.told ?? {};
  }

  test("a fleet declares its models, sites, devices and pipelines, and tells what they are", async () => {
    const door = await world.device("north-door", { site: "north" });
    const stack = await stackOf("fleet");
    const models = { people: { source: world.modelPath, labels: ["person"] } };
    const north = {
      devices: { door: { enroll: true } },
      pipelines: { entrance: entrance("people") },
    };
    const fleet = { as: "shops", type: "Fleet", args: { models, sites: { north } } } as const;
    const declared = { components: [fleet] };
    expect(await good(stack.preview(declared))).toMatch(/\+ 6 to create/);
    expect(await good(stack.up(declared, "--debug"))).toMatch(/\+ 6 created/);
    expect(door.desired?.pipelines.map(({ name }) => name)).toEqual(["entrance"]);
    // By a provider that the engine starts, as users have it.
    const theirs = stack.withOwnProvider();
    expect(await good(theirs.preview(declared, "--expect-no-changes"))).not.toMatch(
      /to (cre|upd)ate/,
    );
    const { resources, raw } = await stack.state();
    expect(raw).not.toContain(PASSWORD);
    expect(toldBy(raw)["shops"]).toMatchObject({
      facts: { north: { door: { name: "north-door" } } },
      manifests: { people: { name: "people" } },
    });
    expect(resources["north-door-entrance"]?.urn).toContain("Fleet$jetfleet:index:Site$");
    await good(stack.on("destroy", "--yes", "--skip-preview"));
    expect(await world.hub.listDevices()).toEqual([]);
  });

  test.runIf(FULL)("a site takes the manifest of a model that is yet to be made", async () => {
    for (const name of ["south", "east"]) await world.device(`${name}-gate`, { site: name });
    const stack = await stackOf("site");
    const pipelines = { entrance: entrance("people") };
    const site = { devices: { gate: { enroll: true } }, pipelines };
    const declared: Declared = {
      models: [{ as: "people", args: { source: world.modelPath, labels: ["person"] } }],
      // Both at the same time.
      components: [
        { as: "south", type: "Site", args: site },
        { as: "east", type: "Site", args: { devices: { gate: { enroll: true } } } },
      ],
    };
    await good(stack.preview(declared));
    await good(stack.up(declared));
    const facts = { gate: { name: "south-gate", labels: { site: "south" } } };
    const told = toldBy((await stack.state()).raw);
    expect(told["south"]).toMatchObject({ facts });
    expect(told["east"]).toMatchObject({ facts: { gate: { labels: { site: "east" } } } });
    await good(stack.preview(declared, "--expect-no-changes"));
    await good(stack.on("destroy", "--yes", "--skip-preview"));
  });

  test.each<[string, "Site" | "Fleet", Record<string, unknown>, RegExp]>([
    [
      "a device that nobody may reach",
      "Site",
      { devices: { door: { address: "10.0.4.17" } } },
      /Site "bad": devices\.door\.ssh: expected it there or in common, got nothing/,
    ],
    [
      "what is to be declared known only later",
      "Site",
      { devices: { door: { enroll: true } }, pipelines: { model: "people" } },
      /Site "bad": pipelines\.model: expected what is known when the program runs/,
    ],
    ["no devices", "Site", {}, /Site "bad": devices: expected an object of devices by name/],
    [
      "a model that is not there",
      "Fleet",
      { sites: { s: { devices: { d: { enroll: true } }, pipelines: { p: entrance("cars") } } } },
      /Site "s": pipelines\.p\.detect\.model: expected a jf\.Model/,
    ],
  ])("%s is an error that says where", async (what, type, args, said) => {
    const stack = await stackOf(what.replaceAll(" ", "-"));
    const { ok, text } = await stack.preview({
      models: [{ as: "people", args: { source: world.modelPath, labels: ["person"] } }],
      components: [{ as: "bad", type, args }],
    });
    expect(ok, text).toBe(false);
    expect(text).toMatch(said);
    expect(text).not.toContain("    at ");
  });
});
