import { describe, expect, it } from "vitest";
import { Reported } from "../../fleet/contract/index.ts";
import { sealComposition } from "../../fleet/deploy/index.ts";
import { isCurrent, nextGeneration, ownCompositionIn } from "../../fleet/hub/deploy/is-current.ts";
import {
  MAX_JUMP,
  newPrivateKeyPem,
  openRoles,
  publicPemOf,
  type Roles,
  sealRoles,
} from "../../fleet/release/index.ts";

const [root, online, foreign] = [newPrivateKeyPem(), newPrivateKeyPem(), newPrivateKeyPem()];
const NOW = Date.now();
const here = { rootKey: publicPemOf(root), fleet: "demo", device: "door" };

function rolesOf(change: Partial<Roles> = {}): Roles {
  return {
    ...{ kind: "roles", contract: 2, fleet: "demo", epoch: 0, number: 1, issuedAtMs: NOW },
    release: [publicPemOf(online)],
    online: { publicKey: publicPemOf(online), notAfterMs: NOW + 1e9 },
    ...change,
  };
}

function composed(generation: number, change: Partial<Roles> = {}, by = root, device = "door") {
  const envelope = sealRoles(rolesOf(change), by);
  const roles = { envelope, ...openRoles(envelope, publicPemOf(by)) };
  const message = sealComposition(
    { fleet: "demo", device, generation, chosen: [] },
    roles,
    online,
    NOW,
  );
  return Buffer.from(JSON.stringify(message));
}

function claiming(generation: number): Reported {
  const board = { board: "tx2", model: "", jetpack: null, l4t: null, powerMode: null };
  return Reported.parse({
    ...{ contract: 2, device: "door", agentVersion: "1", bootId: "b", atMs: NOW, generation },
    update: { state: "committed", sinceMs: NOW },
    setDigest: null,
    board: { ...board, simulated: true, machine: "x", node: "v16" },
    ...{ pipelines: [], error: null, roles: { epoch: 0, number: 1 } },
  });
}

describe("the number of the next composition", () => {
  const end = 2 ** 40;

  it.each<[string, number, number | null, number]>([
    ["is the next one", 7, 7, 8],
    ["is above what the device has, as when this hub lost its own", 7, 900, 901],
    ["is above it up to the bound", 7, 7 + MAX_JUMP, 8 + MAX_JUMP],
    ["is not driven by a claim beyond the bound", 7, 8 + MAX_JUMP, 8],
    ["is not driven to its end", 7, end, 8],
    ["needs no device", 7, null, 8],
  ])("%s", (_what, last, claim, next) => {
    const before = ownCompositionIn(composed(last), here);
    const reported = claim === null ? null : claiming(claim);
    expect(nextGeneration(before, rolesOf(), reported)).toBe(next);
  });

  it("is that of a composition which is not repeated for a claim that does not count", () => {
    const before = ownCompositionIn(composed(7), here);
    const next = { fleet: "demo", device: "door", chosen: [] };
    expect(isCurrent(before, next, rolesOf(), claiming(end), NOW)).toBe(true);
    expect(isCurrent(before, next, rolesOf(), claiming(9), NOW)).toBe(false);
  });

  it.each<[string, Buffer | undefined]>([
    ["another root's", composed(end, {}, foreign)],
    ["another device's", composed(end, {}, root, "gate")],
    ["no composition", Buffer.from('{"contract":2}')],
    ["changed on the way", Buffer.from(composed(7).toString().replace("door", "moor"))],
    ["nothing", undefined],
  ])("does not count what is %s on the topic", (_what, retained) => {
    expect(ownCompositionIn(retained, here)).toBeNull();
  });

  it("begins anew in an epoch that the root begins", () => {
    const before = ownCompositionIn(composed(end), here);
    expect(before?.generation).toBe(end);
    expect(nextGeneration(before, rolesOf({ epoch: 1, number: 2 }), claiming(end))).toBe(1);
  });
});
