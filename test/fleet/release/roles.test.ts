import { describe, expect, it } from "vitest";
import { nextRoles, type RolesWish } from "../../../fleet/release/index.ts";
import { DAY_MS, NOW_MS, rolesOf } from "../support/signed-fleet.ts";

const inForce = rolesOf({ number: 4 });
const wish: RolesWish = {
  fleet: "demo",
  epoch: 0,
  release: inForce.release,
  onlinePublicKey: inForce.online.publicKey,
  aboveNumber: 0,
};

describe("roles", () => {
  it("stay while they will do", () => {
    expect(nextRoles(inForce, wish, NOW_MS)).toBeNull();
    expect(nextRoles(inForce, wish, NOW_MS + 29 * DAY_MS)).toBeNull();
  });

  it.each<[string, Partial<RolesWish>, number]>([
    ["less than two thirds of the key's time is left", {}, NOW_MS + 31 * DAY_MS],
    ["the hub has another key", { onlinePublicKey: inForce.release[0]! }, NOW_MS],
    ["there is another release key", { release: [inForce.online.publicKey] }, NOW_MS],
    ["an epoch is to begin", { epoch: 1 }, NOW_MS],
  ])("grow by one when %s", (_why, change, nowMs) => {
    expect(nextRoles(inForce, { ...wish, ...change }, nowMs)).toMatchObject({ number: 5 });
  });

  it("go above what devices remember, and never end an epoch", () => {
    expect(nextRoles(null, { ...wish, aboveNumber: 8 }, NOW_MS)?.number).toBe(9);
    expect(nextRoles(rolesOf({ epoch: 3 }), { ...wish, aboveNumber: 8 }, NOW_MS)).toMatchObject({
      epoch: 3,
      number: 9,
    });
  });
});
