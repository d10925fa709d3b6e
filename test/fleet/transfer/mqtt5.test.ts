import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mosquittoPath } from "../../../cli/setup/mosquitto-path.mjs";
import { openMqtt } from "../../../fleet/transfer/mqtt/open-mqtt.ts";
import { until } from "../../hub/running-hub.ts";
import { TestFleet } from "../../hub/test-fleet.ts";

let fleet: TestFleet;
let broker: ChildProcess;
let url: string;
let log = "";

beforeAll(async () => {
  fleet = await TestFleet.make("demo");
  const port = await freePort();
  url = `mqtts://127.0.0.1:${port}`;
  const file = path.join(fleet.dir, "server.pem");
  const config = path.join(fleet.dir, "mosquitto.conf");
  const tls = [`cafile ${file}`, `certfile ${file}`, `keyfile ${file}`, "require_certificate true"];
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...tls,
    "use_identity_as_username true",
    "user root",
  ];
  writeFileSync(config, `${[...lines, "log_type all", ""].join("\n")}`);
  const program = mosquittoPath();
  if (!program) throw new Error("no mosquitto: run `npm run setup`");
  broker = spawn(program, ["-c", config]);
  broker.stderr?.on("data", (chunk) => (log += String(chunk)));
  await until("the broker", () => log.includes("running"));
});
afterAll(() => {
  broker?.kill();
  fleet.remove();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  server.close();
  return address !== null && typeof address === "object" ? address.port : 0;
}

describe("an MQTT 5 broker of another make", () => {
  const session = { connectTimeoutMs: 5000, keepaliveSeconds: 30, reconnectMs: 0 };

  it("is spoken to by MQTT 5, under the certificate's name", async () => {
    const client = await openMqtt(await fleet.connector("door"), { url, ...session });
    expect(client.options.protocolVersion).toBe(5);
    await until("its log", () => /as \S+ \(p5, .*u'door'\)/.test(log));
    await client.endAsync();
  });

  it("of another fleet's CA is not spoken to", async () => {
    const other = await TestFleet.make("demo");
    const stranger = openMqtt(await other.connector("door"), { url, ...session });
    await expect(stranger).rejects.toMatchObject({ code: "HUB_UNTRUSTED" });
    other.remove();
  });
});
