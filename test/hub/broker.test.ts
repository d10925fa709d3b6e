import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import path from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Presence } from "../../fleet/contract/index.ts";
import { HubClient } from "../../fleet/hub/client/index.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { HubProcess, outcomeOf, spawnHub, until } from "./running-hub.ts";

const own = (channel: string): string => `jetfleet/v1/demo/door/${channel}`;
const BIRTH = JSON.stringify({ online: true, bootId: "a", seq: 1, atMs: 1 });
const WILL = JSON.stringify({ online: false, bootId: "a", seq: 1, atMs: 2 });

let hub: HubProcess;

beforeAll(async () => {
  hub = await HubProcess.start();
  await hub.certify("door");
  await hub.certify("gate");
});
afterAll(() => hub.remove());

describe("retained messages", () => {
  it("are there again after a kill -9 that follows the acknowledgement", async () => {
    expect((await hub.publish("door", own("reported"), "-q", "1", "-r", "-m", "one")).code).toBe(0);
    await hub.publish("operator", own("desired"), "-q", "1", "-r", "-m", "two");
    await hub.end("SIGKILL");
    await hub.restart();
    const reported = await hub.subscribe("operator", own("reported"), "-C", "1", "-W", "5");
    expect(reported.stdout).toBe("one\n");
    const desired = await hub.subscribe("door", own("desired"), "-C", "1", "-W", "5");
    expect(desired.stdout).toBe("two\n");
  });

  it("come back on the same ports after a graceful stop", async () => {
    const before = hub.record;
    expect(await hub.end()).toBe(0);
    await hub.restart();
    expect(hub.record).toMatchObject({ httpUrl: before.httpUrl, mqttUrl: before.mqttUrl });
    const reported = await hub.subscribe("operator", own("reported"), "-C", "1", "-W", "5");
    expect(reported.stdout).toBe("one\n");
  });

  it("go away by an empty payload, for good", async () => {
    await hub.publish("operator", own("desired"), "-q", "1", "-r", "-n");
    await hub.end("SIGKILL");
    await hub.restart();
    expect(await hub.client().getRetained("door", "desired")).toBeNull();
    const nothing = await hub.subscribe("operator", own("desired"), "-C", "1", "-W", "1");
    expect(nothing.stdout).toBe("");
  });

  it("keep the newest of many quick ones", async () => {
    const link = await hub.client().connectMqtt();
    const messages = Array.from({ length: 50 }, (_, at) => ({
      payload: String(at),
      keyId: "0123456789abcdef",
      signature: "AAAA",
    }));
    await Promise.all(messages.map((message) => link.publish("gate", "desired", message)));
    await link.close();
    await hub.end("SIGKILL");
    await hub.restart();
    const bytes = await hub.client().getRetained("gate", "desired");
    expect(JSON.parse(Buffer.from(bytes ?? []).toString())).toMatchObject({ payload: "49" });
  });
});

describe("two boards of one identity", () => {
  it("do not evict each other for ever: the younger is kept out, and all who watch are told", async () => {
    const own = (await hub.client().info()).mqttUrl;
    const identity = new IdentityFile(hub.identityFile("gate")).current();
    const births = async () => {
      const bytes = await hub.client().getRetained("gate", "presence");
      return Presence.parse(JSON.parse(Buffer.from(bytes ?? []).toString()));
    };
    const connects = async (bootId: string) => {
      const presence = (online: boolean) => JSON.stringify({ online, bootId, seq: 1, atMs: 1 });
      const to = { qos: 1, retain: true } as const;
      const topic = "jetfleet/v1/demo/gate/presence";
      const board = await connectAsync(own, {
        ...{ key: identity.keyPem, cert: identity.certificatePem, ca: identity.caPem },
        ...{ clientId: "demo.gate", protocolVersion: 4, reconnectPeriod: 0 },
        will: { topic, payload: Buffer.from(presence(false)), ...to },
      });
      await board.publishAsync(topic, presence(true), to);
      return board;
    };
    await connects("11-a");
    await connects("22-b");
    const first = await connects("11-a");
    await expect(connects("22-b")).rejects.toMatchObject({ code: 2 });
    expect(first.connected).toBe(true);
    await until("the birth tells", async () => (await births()).copy !== undefined);
    expect(await births()).toMatchObject({ bootId: "11-a", online: true });
    await until("an event tells", async () => {
      const { events } = await hub.client().history.newest({ device: "gate" }, 10);
      return JSON.stringify(events).includes("Two boards bear the identity of gate");
    });
    await first.endAsync();
    const again = await connects("11-c");
    expect((await births()).copy).toMatchObject({ address: "127.0.0.1" });
    await again.endAsync();
  });
});

describe("rights", () => {
  it("let no device write another's topics", async () => {
    const topic = "jetfleet/v1/demo/gate/reported";
    await hub.publish("door", topic, "-q", "1", "-r", "-m", "forged");
    expect(await hub.client().getRetained("gate", "reported")).toBeNull();
    await until("a log line", () => hub.log.includes("topic belongs to another device"));
  });

  it("let no device read another's desired", async () => {
    await hub.publish("operator", "jetfleet/v1/demo/gate/desired", "-q", "1", "-r", "-m", "secret");
    for (const filter of ["jetfleet/v1/demo/gate/desired", "jetfleet/v1/demo/+/desired", "#"]) {
      const heard = await hub.subscribe("door", filter, "-C", "1", "-W", "1");
      expect(heard.stdout).toBe("");
    }
  });

  it("keep nobody's session from another user with the same client id", async () => {
    const login = hub.mqttLogin("door");
    await hub.publish("operator", own("desired"), "-q", "1", "-r", "-m", "before");
    const first = spawn("mosquitto_sub", [...login, "-i", "same", "-t", own("desired")]);
    let heard = "";
    first.stdout.on("data", (chunk) => (heard += String(chunk)));
    await until("the retained message", () => heard === "before\n");
    await hub.publish("operator", own("desired"), "-q", "1", "-r", "-i", "same", "-m", "after");
    await until("the second message", () => heard === "before\nafter\n");
    expect(first.exitCode).toBeNull();
    first.kill();
  });
});

describe("presence", () => {
  beforeAll(() => hub.publish("operator", own("desired"), "-q", "1", "-r", "-m", "x"));
  const online = async (): Promise<unknown> => {
    const bytes = await hub.client().getRetained("door", "presence");
    const parsed: unknown = JSON.parse(Buffer.from(bytes ?? []).toString("utf8") || "{}");
    return (parsed as { online?: unknown }).online;
  };
  const session = async (...args: string[]): Promise<ReturnType<typeof spawn>> => {
    const login = hub.mqttLogin("door");
    const will = ["--will-topic", own("presence"), "--will-payload", WILL, "--will-retain"];
    const child = spawn("mosquitto_sub", [...login, ...will, "-t", own("desired"), ...args]);
    await once(child.stdout, "data");
    return child;
  };

  it("is set offline by the will when a device dies", async () => {
    const device = await session();
    await hub.publish("door", own("presence"), "-q", "1", "-r", "-m", BIRTH);
    expect(await online()).toBe(true);
    device.kill("SIGKILL");
    await until("the will", async () => (await online()) === false);
  });

  it("leaves nothing behind when its device is deleted while connected", async () => {
    const device = await session();
    await hub.publish("door", own("presence"), "-q", "1", "-r", "-m", BIRTH);
    await hub.client().deleteDevice("door");
    await until("the refused will", () => hub.log.includes("certificate was revoked"));
    expect(await online()).toBeUndefined();
    device.kill();
    await hub.certify("door");
    await hub.publish("operator", own("desired"), "-q", "1", "-r", "-m", "x");
  });

  it("is not set offline by a will that a newer birth has overtaken", async () => {
    const old = await session("-i", "agent");
    const newer = JSON.stringify({ online: true, bootId: "b", seq: 1, atMs: 3 });
    await hub.publish("door", own("presence"), "-q", "1", "-r", "-m", newer);
    old.kill("SIGKILL");
    await until("the late will", () => hub.log.includes("overtaken by a newer birth"));
    expect(await online()).toBe(true);
  });
});

describe("hostile input", () => {
  const asDoor = async (): Promise<TLSSocket> => {
    const pem = await readFile(hub.identityFile("door"), "utf8");
    const options = { ca: pem, cert: pem, key: pem, host: "127.0.0.1", port: Number(hub.mqttPort) };
    const socket = connect(options).on("error", () => {});
    await once(socket, "secureConnect");
    return socket;
  };

  it("is cut off at the announcement of a huge packet", async () => {
    const socket = await asDoor();
    const closed = once(socket, "close");
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
    await until("a log line", () => hub.log.includes("packet too large"));
  });

  it.each([
    ["noise", Buffer.alloc(64, 0xff)],
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["an empty CONNECT", Buffer.from([0x10, 0])],
  ])("does not bring the hub down: %s", async (_name, bytes) => {
    const inside = await asDoor();
    const outside = connectPlain(Number(hub.mqttPort), "127.0.0.1").on("error", () => {});
    for (const socket of [inside, outside]) {
      // A reset is as good an end as any.
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.end(bytes);
      await closed;
    }
    await expect(hub.client().info()).resolves.toMatchObject({ service: "jetfleet-hub" });
  });

  it("refuses an MQTT 5 connection with return code 1, as 3.1.1 asks", async () => {
    const args = [...hub.mqttLogin("door"), "-V", "mqttv5", "-t", own("stats"), "-m", "y"];
    const refused = await outcomeOf("mosquitto_pub", args);
    expect(refused.code).not.toBe(0);
  });
});

describe("starting", () => {
  it("refuses a port that another program has, by name", async () => {
    const other = path.join(hub.dir, "other");
    const child = spawnHub(other, hub.operatorFile, ["--mqtt-port", hub.mqttPort]);
    let said = "";
    child.stderr?.on("data", (chunk) => (said += String(chunk)));
    expect((await once(child, "close"))[0]).toBe(1);
    expect(said).toContain("PORT_TAKEN");
    expect(said).toContain(`127.0.0.1:${hub.mqttPort}`);
  });

  it("refuses a second hub on the same folder", async () => {
    const child = spawnHub(hub.stateDir, hub.operatorFile, []);
    let said = "";
    child.stderr?.on("data", (chunk) => (said += String(chunk)));
    expect((await once(child, "close"))[0]).toBe(1);
    expect(said).toContain(`process ${hub.pid} already is`);
  });

  it("declares offline who was online before and does not return", async () => {
    const { startHub } = await import("../../fleet/hub/hub.ts");
    await hub.publish("door", own("presence"), "-q", "1", "-r", "-m", BIRTH);
    await hub.end("SIGKILL");
    const again = await startHub({
      dir: hub.stateDir,
      fleet: "demo",
      operatorFile: hub.operatorFile,
      host: "127.0.0.1",
      mqttPort: 0,
      httpPort: 0,
      log: () => {},
      returnDeadlineMs: 50,
    });
    const client = new HubClient({
      httpUrl: again.record.httpUrl,
      identityFile: hub.operatorFile,
    });
    await until("offline", async () => {
      const bytes = await client.getRetained("door", "presence");
      return Buffer.from(bytes ?? []).includes('"online":false');
    });
    await again.stop();
    await hub.restart();
  });

  it("keeps secrets to itself: file modes and log", async () => {
    expect((await stat(hub.operatorFile)).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(hub.stateDir, "devices", "door.json"))).mode & 0o777).toBe(0o600);
    for (const file of ["ca.pem", "server.pem"]) {
      expect((await stat(path.join(hub.stateDir, "ca", file))).mode & 0o777).toBe(0o600);
    }
    expect(hub.log).not.toContain("PRIVATE KEY");
  });
});
