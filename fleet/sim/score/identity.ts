import { linearSumAssignment } from "linear-sum-assignment";
import { iou } from "../../contract/index.ts";
import { COUNTING_RULE, counts, isIgnored, type TrueObject } from "./rule.ts";

interface TrackedBox {
  trackId: number;
  label: string;
  box: readonly [number, number, number, number];
}

/**
 * IDF1 over a run: how much of the time each object keeps one and the same track
 * (Ristani et al. 2016, "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking").
 */
export class IdentityScore {
  /** Frames in which a true object and a track overlap enough, by their two numbers. */
  readonly #together = new Map<number, Map<number, number>>();
  readonly #trueFrames = new Map<number, number>();
  readonly #trackFrames = new Map<number, number>();

  addFrame(
    truth: readonly TrueObject[],
    tracks: readonly TrackedBox[],
    pictureHeight: number,
  ): void {
    const counting = truth.filter((object) => counts(object, pictureHeight));
    const ignored = truth.filter((object) => !counts(object, pictureHeight));
    for (const object of counting) increment(this.#trueFrames, object.id);
    for (const track of tracks) {
      const hits = counting.filter(
        (object) => object.label === track.label && iou(object.box, track.box) >= COUNTING_RULE.iou,
      );
      if (hits.length === 0 && isIgnored(track.box, ignored)) continue;
      increment(this.#trackFrames, track.trackId);
      for (const object of hits) {
        const row = this.#together.get(object.id) ?? new Map<number, number>();
        this.#together.set(object.id, row);
        increment(row, track.trackId);
      }
    }
  }

  /** 0 to 1; null before any object or track was seen. */
  idf1(): number | null {
    const total = sum(this.#trueFrames) + sum(this.#trackFrames);
    return total === 0 ? null : (2 * this.#identityTruePositives()) / total;
  }

  #identityTruePositives(): number {
    const objects = [...this.#together.keys()];
    const tracks = [
      ...new Set(objects.flatMap((id) => [...(this.#together.get(id)?.keys() ?? [])])),
    ];
    if (objects.length === 0 || tracks.length === 0) return 0;
    const frames = objects.map((id) =>
      tracks.map((track) => this.#together.get(id)?.get(track) ?? 0),
    );
    // The library spells the option so; gain is the sum over the chosen pairs.
    return linearSumAssignment(frames, { maximaze: true }).gain;
  }
}

function increment(counter: Map<number, number>, key: number): void {
  counter.set(key, (counter.get(key) ?? 0) + 1);
}

function sum(counter: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const value of counter.values()) total += value;
  return total;
}
