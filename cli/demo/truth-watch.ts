import { type TruthFact, type TruthOverlay, truthOverlay } from "../../fleet/sim/truth/overlay.ts";
import { readTruthFile } from "../../fleet/sim/truth/report-file.ts";
import type { FleetView } from "../../fleet/view/index.ts";
import type { Overlay, OverlaySource } from "../render/overlay.ts";
import { truthAsOverlay } from "./truth-text.ts";

const INTERVAL_MS = 1000;

/** Follows what the truth keeper writes. */
export class TruthWatch implements OverlaySource {
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #fact: TruthFact;

  private constructor(file: string, fact: TruthFact) {
    this.#fact = fact;
    this.#timer = setInterval(() => void this.#read(file), INTERVAL_MS).unref();
  }

  static async open(file: string): Promise<TruthWatch> {
    return new TruthWatch(file, await readTruthFile(file));
  }

  truth(view: FleetView): TruthOverlay {
    return truthOverlay(this.#fact, view);
  }

  overlay(view: FleetView): Overlay {
    return truthAsOverlay(this.truth(view));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    clearInterval(this.#timer);
  }

  async #read(file: string): Promise<void> {
    this.#fact = await readTruthFile(file);
    for (const listener of this.#listeners) listener();
  }
}
