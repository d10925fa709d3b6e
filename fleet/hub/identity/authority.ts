import { asFleetError, FleetError } from "../../errors/index.ts";
import { diskErrorIn } from "../../transfer/files/disk-error.ts";
import type { FileLayer } from "../../transfer/files/file-layer.ts";
import { FleetCa } from "./fleet-ca.ts";

/**
 * The fleet's CA as far as its file can be read. Without it nothing new is certified, and everybody whose certificate is
 * in force goes on; it is looked for again until it is there.
 */
export class Authority {
  readonly #open: () => Promise<FleetCa>;
  #state: FleetCa | FleetError;

  private constructor(open: () => Promise<FleetCa>, state: FleetCa | FleetError) {
    this.#open = open;
    this.#state = state;
  }

  static async open(file: string, fleet: string, layer?: FileLayer): Promise<Authority> {
    const open = () => FleetCa.open(file, fleet, layer);
    return new Authority(open, await open().catch(asClosed));
  }

  /** Throws why it cannot be used. */
  get ca(): FleetCa {
    if (this.#state instanceof FleetError) throw this.#state;
    return this.#state;
  }

  /** Why it cannot be used; null when it can. */
  get fault(): FleetError | null {
    return this.#state instanceof FleetError ? this.#state : null;
  }

  async reopen(): Promise<void> {
    if (this.fault !== null) this.#state = await this.#open().catch(asClosed);
  }
}

function asClosed(error: unknown): FleetError {
  const fault = diskErrorIn(error, "the fleet's CA", "HUB");
  return fault ?? asFleetError(error, "opening the fleet's CA");
}
