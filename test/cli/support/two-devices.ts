import { fileURLToPath } from "node:url";
import { HubProcess } from "../../hub/running-hub.ts";
import { type Asked, desiredOf } from "./planned.ts";
import { reportedOf, SyntheticDevice } from "./synthetic-device.ts";

export const JETFLEET = fileURLToPath(new URL("../../../cli/bin/jetfleet", import.meta.url));

/** A hub with two devices that are well and send figures: what the commands are tried on. */
export class TwoDevices {
  readonly hub: HubProcess;
  readonly tx2: SyntheticDevice;
  readonly xavier: SyntheticDevice;

  private constructor(hub: HubProcess, tx2: SyntheticDevice, xavier: SyntheticDevice) {
    this.hub = hub;
    this.tx2 = tx2;
    this.xavier = xavier;
  }

  static async start(): Promise<TwoDevices> {
    const hub = await HubProcess.start();
    const tx2 = await SyntheticDevice.connect(hub, "tx2");
    const xavier = await SyntheticDevice.connect(hub, "xavier");
    await tx2.say("reported", reportedOf("tx2", "tx2"));
    await xavier.say("reported", reportedOf("xavier"));
    tx2.sendStats();
    xavier.sendStats();
    return new TwoDevices(hub, tx2, xavier);
  }

  /** Options that lead a command to this hub. */
  get where(): string[] {
    return ["--hub-dir", this.hub.stateDir, "--identity", this.hub.operatorFile];
  }

  /** Keeps a desired document for a device; whether it is signed rightly is the device's business alone. */
  async ask(device: string, asked: Asked): Promise<void> {
    const link = await this.hub.client().connectMqtt();
    const payload = JSON.stringify(desiredOf(device, asked));
    await link.publish(device, "desired", { payload, keyId: "0".repeat(16), signature: "AAAA" });
    await link.close();
  }

  async close(): Promise<void> {
    await this.tx2.close();
    await this.xavier.close();
    await this.hub.remove();
  }
}
