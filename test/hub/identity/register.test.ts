import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CertificateRegister,
  MOST_IN_FORCE,
} from "../../../fleet/hub/identity/certificate-register.ts";

const DOOR = { kind: "device", name: "door" } as const;
const ALICE = { kind: "operator", name: "alice" } as const;
const HOUR_MS = 3_600_000;

let dir: string;
let register: CertificateRegister;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "jetfleet-register-"));
  register = await CertificateRegister.open(dir, () => {});
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const entry = (serial: string, endsInMs = HOUR_MS) => ({
  serial,
  fromMs: Date.now() - HOUR_MS,
  untilMs: Date.now() + endsInMs,
});

describe("the register of certificates", () => {
  it("drops a device's older ones when it shows a newer, and not when it shows an older", async () => {
    for (const serial of ["AA", "BB", "CC"]) await register.add(DOOR, entry(serial));
    expect(await register.used(DOOR, "AA")).toBe(false);
    expect(register.accepts(DOOR, "AA")).toBe(true);
    expect(await register.used(DOOR, "BB")).toBe(true);
    expect(["AA", "BB", "CC"].map((serial) => register.accepts(DOOR, serial))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("keeps an operator's, who may have several machines", async () => {
    for (const serial of ["AA", "BB"]) await register.add(ALICE, entry(serial));
    expect(await register.used(ALICE, "BB")).toBe(false);
    expect(register.accepts(ALICE, "AA")).toBe(true);
  });

  it("accepts nothing that has ended, of another name or kind, or that was removed", async () => {
    await register.add(DOOR, entry("AA", -1));
    await register.add(ALICE, entry("BB"));
    expect(register.accepts(DOOR, "AA")).toBe(false);
    expect(register.accepts({ kind: "device", name: "alice" }, "BB")).toBe(false);
    await register.remove(ALICE);
    expect(register.accepts(ALICE, "BB")).toBe(false);
  });

  it("is the same after a restart", async () => {
    await register.add(DOOR, entry("AA"));
    await register.add(ALICE, entry("BB"));
    await register.remove(ALICE);
    const again = await CertificateRegister.open(dir, () => {});
    expect(again.accepts(DOOR, "AA")).toBe(true);
    expect(again.names("operator")).toEqual([]);
  });

  it("does not grow without bound, nor lose one of many at the same time", async () => {
    const serials = Array.from(
      { length: MOST_IN_FORCE + 4 },
      (_, at) => `A${(at + 16).toString(16)}`,
    );
    const upper = serials.map((serial) => serial.toUpperCase());
    await Promise.all(upper.map((serial) => register.add(DOOR, entry(serial))));
    const again = await CertificateRegister.open(dir, () => {});
    expect(upper.map((serial) => again.accepts(DOOR, serial))).toEqual(
      upper.map((_, at) => at >= 4),
    );
  });
});
