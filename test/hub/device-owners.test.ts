import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeviceOwners } from "../../fleet/hub/deploy/device-owners.ts";

const owner = (program: string, n: number) => ({
  program,
  resource: `urn:pulumi:${program}::door`,
  id: `0b7d5ec1-4f2c-4f63-9c70-5d2d0c6a4e1${n}`,
});
const first = owner("yard/prod", 1);
const renamed = owner("yard/prod", 2);
const other = owner("yard/test", 3);

describe("whose a device is", () => {
  let folder: string;
  let owners: DeviceOwners;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "jetfleet-owners-"));
    owners = new DeviceOwners(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("stays so for another program, and follows a rename in the same one", async () => {
    expect(await owners.claim("door", first, false)).toBeNull();
    await expect(owners.claim("door", other, false)).rejects.toThrow(/yard\/test.*yard\/prod/s);
    expect(await owners.claim("door", renamed, false)).toEqual(first);
    await expect(owners.require("door", first.id)).rejects.toMatchObject({ code: "DEVICE_OWNED" });
    await owners.require("door", renamed.id);
    expect(await owners.claim("door", other, true)).toEqual(renamed);
  });

  it("of two programs that ask at the same time is the first one's", async () => {
    const [won, lost] = await Promise.allSettled([
      owners.claim("door", first, false),
      owners.claim("door", other, false),
    ]);
    expect([won.status, lost.status]).toEqual(["fulfilled", "rejected"]);
    await owners.require("door", first.id);
  });

  it("is nobody's after it was forgotten, twice as well", async () => {
    await owners.claim("door", first, false);
    await owners.forget("door");
    await owners.forget("door");
    await owners.require("door", null);
    expect(await owners.claim("door", other, false)).toBeNull();
  });

  it.each([
    ["is damaged", "{"],
    ["is of a newer version", JSON.stringify({ ...first, since: 1 })],
    ["is empty", ""],
    ["is huge", "x".repeat(1 << 20)],
  ])("is not nobody's when the file %s: only who takes it over gets it", async (_what, text) => {
    writeFileSync(join(folder, "door.json"), text);
    const unreadable = { code: "HUB_STATE_UNREADABLE" };
    await expect(owners.claim("door", first, false)).rejects.toMatchObject(unreadable);
    await expect(owners.require("door", null)).rejects.toMatchObject(unreadable);
    expect(readFileSync(join(folder, "door.json"), "utf8")).toBe(text);
    await owners.claim("door", first, true);
    await owners.require("door", first.id);
    await owners.claim("gate", other, false);
  });
});
