import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubClient } from "../../../../fleet/hub/client/index.ts";
import { startHub } from "../../../../fleet/hub/hub.ts";
import { RuntimeShelf } from "../../../../fleet/provision/runtime/index.ts";
import type { Labels } from "../../../../fleet/spec/index.ts";
import type { Properties } from "../../../../infra/provider/rpc/values.ts";
import { startServer } from "../../../../infra/provider/server.ts";
import { certifyDevice } from "../../../hub/device-identity.ts";
import { Driver } from "./driver.ts";
import { type StubEngine, startEngine } from "./engine.ts";
import { FakeDevice, newSigningKey } from "./fake-device.ts";
import { tinyOnnx } from "./tiny-onnx.ts";

export const FLEET = "lab";

export interface World {
  dir: string;
  driver: Driver;
  /** Where a real engine finds the provider. */
  providerPort: number;
  engine: StubEngine;
  hub: HubClient;
  config: Properties;
  publicKeyPem: string;
  modelPath: string;
  /** A device that the hub knows and that is online. */
  device(name: string, labels?: Labels): Promise<FakeDevice>;
  stopHub(): Promise<void>;
  startHub(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Resolves to the port at which boards find the hub's port for those without a certificate. */
  enrolThrough?: (port: number) => Promise<number>;
}

/** A real hub, the provider's real gRPC server, and a stub of the engine's log. */
export async function createWorld(
  runtimes?: RuntimeShelf,
  { enrolThrough }: WorldOptions = {},
): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "jetfleet-provider-"));
  // Plans are kept on disk; what the user's own commands kept is no business of tests.
  process.env["XDG_CACHE_HOME"] = join(dir, "cache");
  const key = newSigningKey();
  const keyPath = join(dir, "sign.pem");
  writeFileSync(keyPath, key.privateKeyPem, { mode: 0o600 });
  const modelPath = join(dir, "model.onnx");
  writeFileSync(modelPath, tinyOnnx(1));
  const operatorFile = join(dir, "operator.pem");
  const options = {
    dir: join(dir, "hub"),
    fleet: FLEET,
    operatorFile,
    host: "127.0.0.1",
    mqttPort: 0,
    httpPort: 0,
    log: () => {},
    gather: { quietMs: 100 },
  };
  let running = await startHub(options);
  const { httpUrl, mqttUrl, enrolUrl } = running.record;
  if (enrolThrough !== undefined && enrolUrl !== undefined) {
    const url = new URL(enrolUrl);
    url.port = String(await enrolThrough(Number(url.port)));
    // What the hub says of itself from now on.
    running.record.enrolUrl = url.origin;
  }
  const engine = await startEngine();
  const server = await startServer(undefined, runtimes ?? new RuntimeShelf());
  const driver = new Driver(server.port);
  await driver.handshake(engine.address);
  const hub = new HubClient({ httpUrl, identityFile: operatorFile });
  const config = {
    hubUrl: httpUrl,
    fleet: FLEET,
    operatorCredentials: operatorFile,
    signingKey: keyPath,
  };
  await driver.configure((await driver.checkConfig(config)).inputs);
  const devices: FakeDevice[] = [];
  return {
    dir,
    driver,
    providerPort: server.port,
    engine,
    hub,
    config,
    publicKeyPem: key.publicKeyPem,
    modelPath,
    async device(name, labels = {}) {
      const identity = await certifyDevice(hub, FLEET, name, join(dir, `${name}.pem`));
      const { publicKeyPem } = key;
      const device = await FakeDevice.connect({ mqttUrl, identity, publicKeyPem, labels });
      devices.push(device);
      return device;
    },
    stopHub: () => running.stop(),
    startHub: async () => {
      running = await startHub(options);
    },
    async close() {
      for (const device of devices) await device.leave().catch(() => {});
      driver.close();
      await server.stop();
      engine.stop();
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function urnOf(type: "Device" | "Model" | "Pipeline", name: string): string {
  return `urn:pulumi:test::project::jetfleet:index:${type}::${name}`;
}
