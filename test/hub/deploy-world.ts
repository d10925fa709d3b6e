import type { Memory } from "../../fleet/deploy/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import { FakeDevice } from "../infra/provider/support/fake-device.ts";
import { Releaser } from "./releaser.ts";
import { HubProcess } from "./running-hub.ts";

/** A real hub, a program that releases pipelines to it, and devices on MQTT without a board. */
export class DeployWorld {
  readonly hub: HubProcess;
  readonly releaser: Releaser;
  readonly #devices: FakeDevice[] = [];

  private constructor(hub: HubProcess) {
    this.hub = hub;
    this.releaser = new Releaser(hub.client());
  }

  static async create(...args: string[]): Promise<DeployWorld> {
    return new DeployWorld(await HubProcess.start(...args));
  }

  /** Starts the hub that has ended; it may be at another address. */
  async restart(...args: string[]): Promise<void> {
    await this.hub.restart(...args);
    Object.assign(this.releaser, { hub: this.hub.client() });
  }

  /** Another program with the same key. */
  rival(): Releaser {
    const rival = new Releaser(this.hub.client(), "yard/test");
    return Object.assign(rival, { key: this.releaser.key });
  }

  async device(name = "door", memory?: Memory): Promise<FakeDevice> {
    const identity = await this.hub.certify(name);
    const { mqttUrl } = this.hub.record;
    const { publicKeyPem } = this.releaser.key;
    const options = { mqttUrl, identity, publicKeyPem, ...(memory && { memory }) };
    const device = await FakeDevice.connect(options);
    this.#devices.push(device);
    return device;
  }

  async end(): Promise<void> {
    for (const device of this.#devices) await device.leave();
    await this.hub.remove();
  }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    return isFleetError(error) ? error.code : String(error);
  }
}
