import { execFileSync, spawnSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HubClient } from "../../../fleet/hub/client/index.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { HubProcess, until } from "../running-hub.ts";

let hub: HubProcess;

beforeEach(async () => {
  hub = await HubProcess.start("--certificate-life", "9");
});
afterEach(() => hub.remove());

const serverSerial = (): string =>
  new IdentityFile(path.join(hub.stateDir, "ca", "server.pem")).current().serial;

describe("certificates that are due", () => {
  it("of hub and operator are new before they end, without a restart, and the CA stays", async () => {
    const ca = path.join(hub.stateDir, "ca", "ca.pem");
    const [caBefore, serverBefore] = [await readFile(ca, "utf8"), serverSerial()];
    const operatorBefore = new IdentityFile(hub.operatorFile).current().serial;
    await until("another certificate of the hub", () => serverSerial() !== serverBefore);
    expect(new IdentityFile(hub.operatorFile).current().serial).not.toBe(operatorBefore);
    expect(await readFile(ca, "utf8")).toBe(caBefore);
    expect(shownByHub()).toContain(serverSerial());
    await expect(hub.client().info()).resolves.toMatchObject({ fleet: "demo" });
  });

  it("of an operator elsewhere are renewed by the next command, in its own file", async () => {
    const identityFile = path.join(hub.dir, "laptop.pem");
    await copyFile(hub.operatorFile, identityFile);
    const before = new IdentityFile(identityFile).current();
    const command = (): Promise<unknown> =>
      new HubClient({ httpUrl: hub.record.httpUrl, identityFile }).info();
    await until("a renewal", async () => {
      await command();
      return new IdentityFile(identityFile).current().serial !== before.serial;
    });
    expect((await stat(identityFile)).mode & 0o777).toBe(0o600);
    await command();
  });

  /** The serial number of the certificate that openssl s_client is shown. */
  function shownByHub(): string {
    const at = `127.0.0.1:${hub.mqttPort}`;
    const show = { input: "", encoding: "utf8", timeout: 5000 } as const;
    const { stdout: input } = spawnSync("openssl", ["s_client", "-connect", at], show);
    return execFileSync("openssl", ["x509", "-noout", "-serial"], { input, encoding: "utf8" });
  }
});

describe("a hub's folder of the version that had passwords", () => {
  it("is taken over: its devices have no certificate yet, and the log says what helps", async () => {
    await hub.end();
    const devices = path.join(hub.stateDir, "devices");
    const hash = { algorithm: "scrypt", n: 4096, r: 8, p: 1, salt: "AA==", hash: "AA==" };
    await mkdir(devices, { recursive: true });
    await writeFile(path.join(devices, "old.json"), JSON.stringify(hash));
    await hub.restart();
    expect(hub.log).toContain("no certificate is in force: the next `up` makes one");
    expect(await hub.client().listDevices()).toEqual([{ name: "old", retained: [] }]);
    await hub.certify("old");
    const heard = await hub.publish("old", "jetfleet/v1/demo/old/stats", "-m", "{}");
    expect(heard.code).toBe(0);
  });

  it("and a hub that is killed at its first start begins anew where it was", async () => {
    const other = await HubProcess.start();
    const keep = await readdir(path.join(other.stateDir, "ca"));
    const caBefore = await readFile(path.join(other.stateDir, "ca", "ca.pem"), "utf8");
    await other.end("SIGKILL");
    // As if the power had gone before the hub had a certificate of its own.
    execFileSync("rm", [path.join(other.stateDir, "ca", "server.pem"), other.operatorFile]);
    await other.restart();
    expect(await readdir(path.join(other.stateDir, "ca"))).toEqual(keep);
    expect(await readFile(path.join(other.stateDir, "ca", "ca.pem"), "utf8")).toBe(caBefore);
    await expect(other.client().info()).resolves.toMatchObject({ fleet: "demo" });
    await other.remove();
  });

  it("says that a CA is spoilt, makes no other in its place, and serves whom it knows", async () => {
    await hub.certify("gate");
    await hub.end();
    const ca = path.join(hub.stateDir, "ca", "ca.pem");
    const spoilt = (await readFile(ca, "utf8")).slice(0, 300);
    await writeFile(ca, spoilt);
    await hub.restart();
    expect(hub.log).toContain("nothing can be certified");
    expect(hub.log).not.toContain("PRIVATE KEY");
    await expect(hub.certify("yard")).rejects.toMatchObject({ code: "IDENTITY_INVALID" });
    const heard = await hub.publish("gate", "jetfleet/v1/demo/gate/stats", "-m", "{}");
    expect(heard.code).toBe(0);
    expect(await readFile(ca, "utf8")).toBe(spoilt);
  });
});
