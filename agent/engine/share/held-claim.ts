import type { FleetError } from "../../../fleet/errors/index.ts";
import type { BuildState } from "../build-once.ts";
import type { HubEngines } from "./hub-engines.ts";

/** Each word has a deadline of its own, and nobody calls one off. */
const NOT_CALLED_OFF = new AbortController().signal;
/** A sixth of the hub's lease. */
const TELL_MS = 5000;

/** This device's word at the hub that it builds the engine of a key, kept until `end`. */
export class HeldClaim {
  readonly #hub: HubEngines;
  readonly #key: string;
  readonly #model: string;
  #timer: NodeJS.Timeout | undefined;
  #state: () => Pick<BuildState, "progress" | "phase"> = () => ({ progress: 0, phase: "waiting" });

  constructor(hub: HubEngines, key: string, model: string) {
    this.#hub = hub;
    this.#key = key;
    this.#model = model;
  }

  /** The hub gave it: from now on it is told that this device is at it. */
  hold(): this {
    this.#timer = setInterval(() => this.#tell(), TELL_MS);
    return this;
  }

  /** How far the build is, at any time. */
  shows(state: () => Pick<BuildState, "progress" | "phase">): void {
    this.#state = state;
  }

  /** Gives it up, with why none can be built. That the hub does not hear of it ends with the lease. */
  async end(error: FleetError | null): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const told = error && { code: error.code, message: error.message.slice(0, 500) };
    await this.#hub
      .end(this.#key, { model: this.#model, error: told }, NOT_CALLED_OFF)
      .catch(() => undefined);
  }

  #tell(): void {
    const { progress, phase } = this.#state();
    const told = {
      model: this.#model,
      progress: Math.min(1, progress),
      phase: phase.slice(0, 200),
    };
    this.#hub.progress(this.#key, told, NOT_CALLED_OFF).catch(() => undefined);
  }
}
