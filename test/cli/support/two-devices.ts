import { fileURLToPath } from "node:url";
import { HubProcess } from "../../hub/running-hub.ts";
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
    return ["--hub-dir", this.hub.stateDir, "--credentials", this.hub.operatorFile];
  }

  async close(): Promise<void> {
    await this.tx2.close();
    await this.xavier.close();
    await this.hub.remove();
  }
}
