/** Each store of the hub by itself, with a disk that fails at each of its calls. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOnlineKey } from "../../fleet/hub/deploy/online-key.ts";
import { PartStore } from "../../fleet/hub/deploy/part-store.ts";
import { PreviousGenerations } from "../../fleet/hub/deploy/previous-generations.ts";
import { RolesStore } from "../../fleet/hub/deploy/roles-store.ts";
import { withChoice } from "../../fleet/hub/deploy/selection.ts";
import { SelectionStore } from "../../fleet/hub/deploy/selection-store.ts";
import { CertificateRegister } from "../../fleet/hub/identity/certificate-register.ts";
import { FleetCa } from "../../fleet/hub/identity/fleet-ca.ts";
import { openPart, type Roles, sealRoles, sha256Digest } from "../../fleet/release/index.ts";
import { diskErrorIn } from "../../fleet/transfer/files/disk-error.ts";
import type { FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import { everyFault } from "../fleet/support/faulty-disk.ts";
import { newKey, sealVersion } from "./releaser.ts";

const key = newKey();
const DOOR = { kind: "device", name: "door" } as const;
const owner = { program: "shop/test", resource: "urn:x" };
const log = () => {};
let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), "jetfleet-stores-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A store as this test sees it: `put` makes it say `n`, `says` is what it says, from memory. */
interface Opened {
  put(n: number): Promise<unknown>;
  says(): unknown;
}
type Store = (dir: string, layer?: FileLayer) => Promise<Opened>;

/** The fault is a single one, so the second attempt succeeds. */
const again = (work: () => Promise<unknown>): Promise<unknown> => work().catch(work);

function rolesNumbered(number: number) {
  const { publicKeyPem: publicKey } = key;
  const now = Date.now();
  const roles: Roles = {
    ...{ kind: "roles", contract: 2, fleet: "demo", epoch: 0, number, issuedAtMs: now },
    ...{ release: [publicKey], online: { publicKey, notAfterMs: now + 1e9 } },
  };
  return { roles: sealRoles(roles, key.privateKeyPem), rootKey: publicKey };
}

/** A number is `n`, above all before it, or null when nothing was ever put. */
const STORES: Record<string, Store> = {
  "selections of devices": async (dir, layer) => {
    const store = await SelectionStore.open(dir, () => undefined, layer);
    const digestOf = (n: number) => sha256Digest(String(n));
    return {
      put: (n) =>
        store.change("door", (selection) =>
          withChoice(selection, "entrance", { part: digestOf(n), owner }),
        ),
      says: () => {
        const part = store.get("door").choices["entrance"]?.part;
        return [1, 2, 3].find((n) => digestOf(n) === part) ?? null;
      },
    };
  },
  "previous generations": async (dir, layer) => {
    const store = await PreviousGenerations.open(dir, layer);
    const digestOf = (n: number) => sha256Digest(String(n));
    return {
      put: (n) => store.replace("door", [digestOf(n)]),
      says: async () => {
        const [part] = await store.parts();
        return [1, 2, 3].find((n) => digestOf(n) === part) ?? null;
      },
    };
  },
  roles: async (dir, layer) => {
    const store = await RolesStore.open(dir, layer);
    return {
      put: async (n) => {
        const inForce = store.inForce?.document.number ?? 0;
        // As after a power cut at the last sync: what was to be written is in force already.
        if (inForce !== n) {
          await store.replace(rolesNumbered(n), store.tag, "demo", key.publicKeyPem);
        }
      },
      says: () => store.inForce?.document.number ?? null,
    };
  },
  parts: async (dir, layer) => {
    const store = await PartStore.open(dir, log, layer);
    return {
      put: (n) => {
        const { envelopes } = sealVersion(key, { device: "door" }, n);
        return store.add(openPart(envelopes.pipeline, [key.publicKeyPem]));
      },
      says: () => {
        const to = { device: "door", labels: {} };
        return store.newest("pipeline", "entrance", to)?.document.number.n ?? null;
      },
    };
  },
  "certificates in force": async (dir, layer) => {
    const register = await CertificateRegister.open(dir, log, layer);
    const serial = (n: number) => `AA0${n}`;
    const untilMs = Date.now() + 1e9;
    return {
      put: (n) => register.add(DOOR, { serial: serial(n), fromMs: 0, untilMs }),
      says: () => [3, 2, 1].find((n) => register.accepts(DOOR, serial(n))) ?? null,
    };
  },
  objects: async (dir, layer) => {
    const store = new ObjectStore(dir, layer);
    await store.open();
    const bytes = (n: number) => Buffer.alloc(100_000, n);
    return {
      put: (n) => store.write(sha256Digest(bytes(n)), Readable.from([bytes(n)]), 1e6),
      says: async () => {
        const there = await store.list();
        return [3, 2, 1].find((n) => there.includes(sha256Digest(bytes(n)))) ?? null;
      },
    };
  },
};

/** They keep nothing in memory. */
const READS_DISK = new Set(["objects", "previous generations"]);

describe("a store of the hub on a disk that fails", () => {
  it.each(Object.keys(STORES))("keeps memory and disk alike: %s", async (name) => {
    const open = STORES[name]!;
    const faults = await everyFault(async ({ layer }, at) => {
      const dir = mkdtempSync(path.join(root, "case-"));
      await (await open(dir)).put(1);
      const store = await open(dir, layer).catch((error: unknown) => {
        expect(diskErrorIn(error, name, "HUB")?.code, at).toMatch(/^HUB_DISK_F/);
        return null;
      });
      // What does not open is opened again by whoever has it.
      if (store === null) return;
      const failed = await store.put(2).then(
        () => null,
        (error: unknown) => error,
      );
      const onDisk = await (await open(dir)).says();
      if (failed === null) expect(await store.says(), at).toBe(2);
      else expect(await store.says(), at).toBe(READS_DISK.has(name) ? onDisk : 1);
      // Where only the last sync failed the disk may have the new one, as after a power cut; it comes again.
      expect(failed === null ? [2] : [1, 2], at).toContain(onDisk);
      if (failed !== null) {
        expect(diskErrorIn(failed, name, "HUB")?.code, at).toMatch(/^HUB_DISK_F/);
        await again(() => store.put(2));
      }
      await again(() => store.put(3));
      expect([await store.says(), await (await open(dir)).says()], at).toEqual([3, 3]);
    });
    expect(faults).toBeGreaterThan(10);
  });

  it.each(["the CA", "the online key"])("makes %s whole or not at all", async (name) => {
    const open = (dir: string, layer?: FileLayer) =>
      name === "the CA"
        ? FleetCa.open(path.join(dir, "key.pem"), "demo", layer).then((ca) => ca.certificatePem)
        : openOnlineKey(path.join(dir, "key.pem"), layer).then((one) => one.publicKeyPem);
    await everyFault(async ({ layer }, at) => {
      const dir = mkdtempSync(path.join(root, "case-"));
      const made = await open(dir, layer).catch(() => null);
      const again = await open(dir);
      expect(made === null || made === again, at).toBe(true);
      expect(await open(dir), at).toBe(again);
    });
  });

  it("revokes nothing in memory that the disk still has in force", async () => {
    await everyFault(async ({ layer }, at) => {
      const dir = mkdtempSync(path.join(root, "case-"));
      const entry = { serial: "AA01", fromMs: 0, untilMs: Date.now() + 1e9 };
      await (await CertificateRegister.open(dir, log)).add(DOOR, entry);
      const register = await CertificateRegister.open(dir, log, layer);
      const removed = await register.remove(DOOR).then(
        () => true,
        () => false,
      );
      register.stop();
      const onDisk = (await CertificateRegister.open(dir, log)).accepts(DOOR, "AA01");
      expect(register.accepts(DOOR, "AA01"), at).toBe(onDisk);
      if (removed) expect(onDisk, at).toBe(false);
      await again(() => register.remove(DOOR));
      expect((await CertificateRegister.open(dir, log)).accepts(DOOR, "AA01"), at).toBe(false);
    });
  });
});
