import { ByteSlab } from "./byte-slab.ts";

/** Frames of one model, as the JSON that the native runtime wrote. */
export interface PayloadParts {
  modelDigest: string;
  json: Uint8Array;
}

/**
 * Makes the payloads of `detections` of one pipeline: the frames are put in as the bytes they are, and what is the same
 * in all payloads of a model is made once.
 */
export class DetectionsPayload {
  readonly #pipeline: string;
  readonly #slab = new ByteSlab();
  #modelDigest: string | null = null;
  #front = Buffer.alloc(0);
  #seq = 0;

  constructor(pipeline: string) {
    this.#pipeline = pipeline;
  }

  /** The next one; its number is spent. */
  next({ modelDigest, json }: PayloadParts): Buffer {
    if (modelDigest !== this.#modelDigest) this.#learn(modelDigest);
    const tail = `,"seq":${this.#seq}}`;
    this.#seq += 1;
    const tailAt = this.#front.length + json.length;
    const payload = this.#slab.cut(tailAt + tail.length);
    payload.set(this.#front);
    payload.set(json, this.#front.length);
    payload.write(tail, tailAt, "latin1");
    return payload;
  }

  #learn(modelDigest: string): void {
    const head = JSON.stringify({ pipeline: this.#pipeline, modelDigest }).slice(0, -1);
    this.#front = Buffer.from(`${head},"frames":`);
    this.#modelDigest = modelDigest;
  }
}
