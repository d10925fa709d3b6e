import type { Shown } from "../render/overlay.ts";

/** What the screen needs of a feed; the bundle and its host share data and these functions only. */
export interface ViewSource {
  view(): Shown;
  onChange(listener: () => void): () => void;
  /** Which device the user looks at, so that its past is fetched; null: none. */
  look(device: string | null): void;
}

/** Four pictures a second are as much as a person can read, whatever comes in. */
const PICTURE_MS = 250;
/** Ages grow also when nothing comes. */
const QUIET_PICTURE_MS = 1000;

/** Pictures of the feed at a bounded rate, in the form React wants. */
export class ViewStore {
  readonly #source: ViewSource;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;
  #picture: Shown;
  #dirty = false;
  #takenAtMs = performance.now();

  constructor(source: ViewSource) {
    this.#source = source;
    this.#picture = source.view();
    this.#stop = source.onChange(() => (this.#dirty = true));
    this.#timer = setInterval(() => this.#tick(), PICTURE_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getPicture = (): Shown => this.#picture;

  look(device: string | null): void {
    this.#source.look(device);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stop();
  }

  #tick(): void {
    const quiet = performance.now() - this.#takenAtMs < QUIET_PICTURE_MS;
    if (!this.#dirty && quiet) return;
    this.#dirty = false;
    this.#takenAtMs = performance.now();
    this.#picture = this.#source.view();
    for (const listener of this.#listeners) listener();
  }
}
