import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetCa } from "../../../fleet/hub/identity/fleet-ca.ts";
import { createKey } from "../../../fleet/transfer/identity/certificate-request.ts";
import { formatIdentity } from "../../../fleet/transfer/identity/identity.ts";
import { peerUri } from "../../../fleet/transfer/identity/peer-name.ts";
import { HubProcess, until } from "../running-hub.ts";
import { TestFleet } from "../test-fleet.ts";

const HOUR_MS = 3_600_000;
const own = (channel: string): string => `jetfleet/v1/demo/door/${channel}`;
const DESIRED = { payload: "{}", keyId: "0123456789abcdef", signature: "AAAA" };

let hub: HubProcess;
let otherFleet: TestFleet;

/** What peers of another make show: the file with key, certificate and CA, by what is wrong with it. */
const files = new Map<string, string>();

beforeAll(async () => {
  hub = await HubProcess.start();
  await hub.certify("door");
  await hub.certify("gate");
  // Of the same name, as a hub that was set up twice.
  otherFleet = await TestFleet.make("demo");
  files.set("another fleet's", await otherFleet.certify("door"));
  files.set("an expired", await write("expired", -2 * HOUR_MS, -HOUR_MS));
  files.set("a not yet valid", await write("early", HOUR_MS, 2 * HOUR_MS));
  files.set("an unlisted", await write("unlisted", -HOUR_MS, HOUR_MS));
  files.set("the hub's own", path.join(hub.stateDir, "ca", "server.pem"));
  await hub.certify("away");
  files.set("a revoked", hub.identityFile("away"));
  await hub.client().deleteDevice("away");
  const link = await hub.client().connectMqtt();
  for (const device of ["door", "gate"]) await link.publish(device, "desired", DESIRED);
  await link.close();
});
afterAll(async () => {
  otherFleet.remove();
  await hub.remove();
});

/** Door's certificate, really signed by this hub's CA, with dates of its own. */
async function write(name: string, fromMs: number, untilMs: number): Promise<string> {
  const ca = await FleetCa.open(path.join(hub.stateDir, "ca", "ca.pem"), "demo");
  const keyPem = createKey();
  const certificatePem = await ca.issue({
    publicKey: createPublicKey(keyPem).export({ type: "spki", format: "der" }),
    commonName: "door",
    usage: "client",
    altNames: [{ type: "url", value: peerUri({ kind: "device", fleet: "demo", name: "door" }) }],
    fromMs: Date.now() + fromMs,
    untilMs: Date.now() + untilMs,
  });
  const file = path.join(hub.dir, `${name}.pem`);
  const text = formatIdentity({ keyPem, certificatePem, caPem: ca.certificatePem });
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

/** MQTT 3.1.1 CONNECT with a clean session and the client id "x", as bytes. */
const CONNECT = Buffer.from([16, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 1, 120]);
const GET_INFO = Buffer.from("GET /info HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n");
const CONNACK_ACCEPTED = "20020000";

/** Sends bytes through `openssl s_client`; what came back, as hexadecimal digits. */
function throughOpenssl(port: string, show: string | null, bytes: Buffer): Promise<string> {
  const shown = show === null ? [] : ["-cert", show, "-key", show];
  const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", hub.operatorFile, ...shown];
  return new Promise((resolve) => {
    const options = { encoding: "buffer", timeout: 3000 } as const;
    const child = execFile(
      "openssl",
      [...args, "-quiet", "-verify_return_error"],
      options,
      (_, out) => resolve(out.toString("hex")),
    );
    child.stdout?.on("data", () => child.stdin?.end());
    child.stdin?.on("error", () => {});
    child.stdin?.write(bytes);
  });
}

const REFUSED = [
  "no",
  "another fleet's",
  "an expired",
  "a not yet valid",
  "an unlisted",
  "the hub's own",
  "a revoked",
];
const fileOf = (which: string): string | null => files.get(which) ?? null;

describe.each(REFUSED)("with %s certificate", (which) => {
  it("openssl s_client gets no answer to CONNECT, and nothing over HTTP", async () => {
    expect(await throughOpenssl(hub.mqttPort, fileOf(which), CONNECT)).not.toContain(
      CONNACK_ACCEPTED,
    );
    const { port } = new URL(hub.record.httpUrl);
    const hex = await throughOpenssl(port, fileOf(which), GET_INFO);
    const answer = Buffer.from(hex, "hex").toString();
    expect(answer).not.toContain("jetfleet-hub");
    expect(answer === "" || answer.startsWith("HTTP/1.1 403")).toBe(true);
  });

  it("mosquitto's clients neither publish nor hear", async () => {
    const file = fileOf(which);
    const show = file === null ? [] : ["--cert", file, "--key", file];
    const login = [...hub.mqttLogin(null), ...show];
    const told = await hub.run("mosquitto_pub", [...login, "-t", own("stats"), "-m", "x"]);
    expect(told.code).not.toBe(0);
    const heard = await hub.run("mosquitto_sub", [...login, "-t", own("desired"), "-W", "1"]);
    expect(heard.stdout).toBe("");
  });

  it("a user name and a password change nothing", async () => {
    const file = fileOf(which);
    const show = file === null ? [] : ["--cert", file, "--key", file];
    const login = [...hub.mqttLogin(null), ...show, "-u", "operator", "-P", "operator"];
    const told = await hub.run("mosquitto_pub", [...login, "-t", own("stats"), "-m", "x"]);
    expect(told.code).not.toBe(0);
  });
});

describe("with the right certificate", () => {
  it("openssl s_client verifies the hub and is answered", async () => {
    const answer = await throughOpenssl(hub.mqttPort, hub.identityFile("door"), CONNECT);
    expect(answer).toContain(CONNACK_ACCEPTED);
  });

  it("openssl s_client is answered over HTTP too", async () => {
    const { port } = new URL(hub.record.httpUrl);
    const answer = await throughOpenssl(port, hub.identityFile("door"), GET_INFO);
    expect(Buffer.from(answer, "hex").toString()).toContain("jetfleet-hub");
  });

  it("a device hears its own desired and no other's", async () => {
    const heard = await hub.subscribe("door", own("desired"), "-C", "1", "-W", "5");
    expect(JSON.parse(heard.stdout)).toEqual(DESIRED);
    for (const filter of ["jetfleet/v1/demo/gate/desired", "jetfleet/v1/demo/+/desired", "#"]) {
      expect((await hub.subscribe("door", filter, "-C", "1", "-W", "1")).stdout).toBe("");
    }
  });

  it("a device makes nobody's certificate but its own", async () => {
    for (const route of ["/devices/gate/certificate", "/operators/door/certificate"]) {
      const { stdout } = await hub.curl("door", route, "-X", "PUT", "--data", "{}");
      expect(JSON.parse(stdout)).toMatchObject({ code: "HUB_REFUSED" });
    }
  });
});

describe("revocation", () => {
  it("of an operator is another operator's to do, and is at once", async () => {
    const file = await hub.certifyOperator("guest");
    const show = ["--cert", file];
    const asGuest = (): Promise<{ stdout: string }> => hub.curl(null, "/devices", ...show);
    expect(JSON.parse((await asGuest()).stdout)).toHaveProperty("devices");
    expect((await hub.curl("door", "/operators/guest", "-X", "DELETE")).stdout).toContain(
      "HUB_REFUSED",
    );
    await hub.curl("operator", "/operators/guest", "-X", "DELETE");
    expect(JSON.parse((await asGuest()).stdout)).toMatchObject({ code: "HUB_REFUSED" });
  });

  it("ends sessions that stand, over MQTT and HTTP, and keeps a renewed device in", async () => {
    const older = await readFile(hub.identityFile("door"), "utf8");
    await hub.certify("door");
    const olderFile = path.join(hub.dir, "older.pem");
    await writeFile(olderFile, older, { mode: 0o600 });
    const loginOlder = [...hub.mqttLogin(null), "--cert", olderFile, "--key", olderFile];
    const args = [...loginOlder, "-t", own("desired"), "-C", "1", "-W", "5"];
    // Both are in force until the newer one is shown: a device that could not store it must not be locked out.
    expect((await hub.run("mosquitto_sub", args)).stdout).not.toBe("");
    await hub.publish("door", own("stats"), "-m", "{}");
    await until("the older certificate to end", async () => {
      return (await hub.run("mosquitto_sub", args)).stdout === "";
    });
    expect((await hub.subscribe("door", own("desired"), "-C", "1", "-W", "5")).stdout).not.toBe("");
  });
});
