import type { TruthOverlay } from "../../fleet/sim/truth/overlay.ts";
import type { FleetView } from "../../fleet/view/index.ts";
import { type HubLocation, openFeed } from "../hub-location.ts";
import type { Shown } from "../render/overlay.ts";
import { truthAsOverlay } from "./truth-text.ts";
import { TruthWatch } from "./truth-watch.ts";

/** The fleet at one moment, and what its simulated camera truly showed; null where nobody keeps that. */
export interface Picture {
  view: FleetView;
  truth: TruthOverlay | null;
}

/** Follows the demo's fleet, with its truth where there is one. */
export class DemoFeed {
  readonly fleet: Awaited<ReturnType<typeof openFeed>>;
  readonly #truth: TruthWatch | null;

  private constructor(fleet: DemoFeed["fleet"], truth: TruthWatch | null) {
    this.fleet = fleet;
    this.#truth = truth;
  }

  static async open(location: HubLocation, signal: AbortSignal): Promise<DemoFeed> {
    const fleet = await openFeed(location, signal);
    const { truthFile } = location;
    return new DemoFeed(fleet, truthFile === undefined ? null : await TruthWatch.open(truthFile));
  }

  get hasTruth(): boolean {
    return this.#truth !== null;
  }

  picture(): Picture {
    const view = this.fleet.view();
    return { view, truth: this.#truth?.truth(view) ?? null };
  }

  async close(): Promise<void> {
    this.#truth?.close();
    await this.fleet.close();
  }
}

export function shown({ view, truth }: Picture): Shown {
  return { ...view, overlay: truth && truthAsOverlay(truth) };
}
