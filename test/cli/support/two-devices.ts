import { fileURLToPath } from "node:url";
import { Releaser } from "../../hub/releaser.ts";
import { HubProcess, until } from "../../hub/running-hub.ts";
import { type Asked, entranceOf, MODEL } from "./planned.ts";
import { reportedOf, SyntheticDevice } from "./synthetic-device.ts";

export const JETFLEET = fileURLToPath(new URL("../../../cli/bin/jetfleet", import.meta.url));

/** A hub with two devices that are well and send figures: what the commands are tried on. */
export class TwoDevices {
  readonly hub: HubProcess;
  readonly tx2: SyntheticDevice;
  readonly xavier: SyntheticDevice;
  #releaser: Releaser | undefined;
  #asked = 0;

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

  /** Releases the pipeline `entrance` for a device, waits until the hub has composed it, and has it taken. */
  async ask(device: string, asked: Asked): Promise<void> {
    const hub = this.hub.client();
    this.#releaser ??= new Releaser(hub);
    await this.#releaser.certify();
    const draft = { device, spec: entranceOf(asked), manifest: MODEL };
    const sealed = this.#releaser.seal(draft, ++this.#asked);
    await this.#releaser.choose(device, sealed, asked.plan);
    await until(`${device} to be asked`, async () => {
      const retained = Buffer.from((await hub.getRetained(device, "desired")) ?? []);
      return retained.includes(sealed.part.digest);
    });
    const one = device === "tx2" ? this.tx2 : this.xavier;
    await one.take(await hub.getRetained(device, "desired"));
  }

  async close(): Promise<void> {
    await this.tx2.close();
    await this.xavier.close();
    await this.hub.remove();
  }
}
