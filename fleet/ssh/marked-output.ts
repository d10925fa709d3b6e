/** Chatter of a login that is kept to tell of it. */
const CHATTER_BYTES = 2_048;

/** How much may still be kept. */
export interface Room {
  bytes: number;
}

/**
 * What one stream brings, of which the part between two equal marks is the command's. Marks may come in pieces. No more
 * is kept than there is room for, and that there was more is said.
 */
export class MarkedOutput {
  truncated = false;
  readonly #mark: Buffer;
  readonly #room: Room;
  readonly #hear: (data: Buffer) => void;
  readonly #kept: Buffer[] = [];
  #state: "before" | "inside" | "after" = "before";
  #chatter: Buffer = Buffer.alloc(0);
  /** Not yet judged: may be the beginning of a mark. */
  #pending: Buffer = Buffer.alloc(0);

  /** `room` may be shared with other streams; `hear` is told every byte between the marks. */
  constructor(mark: string, room: Room, hear: (data: Buffer) => void = () => {}) {
    this.#mark = Buffer.from(mark);
    this.#room = room;
    this.#hear = hear;
  }

  get hasBegun(): boolean {
    return this.#state !== "before";
  }

  /** The command itself came to its end. */
  get hasEnded(): boolean {
    return this.#state === "after";
  }

  /** What was said before the command began, or in its place. */
  get chatter(): string {
    return this.#chatter.toString("utf8");
  }

  push(data: Buffer): void {
    let rest = Buffer.concat([this.#pending, data]);
    while (this.#state !== "after") {
      const at = rest.indexOf(this.#mark);
      if (at < 0) break;
      this.#put(rest.subarray(0, at));
      rest = rest.subarray(at + this.#mark.length);
      this.#state = this.#state === "before" ? "inside" : "after";
    }
    const certain = this.#state === "after" ? rest.length : rest.length - this.#partOfMark(rest);
    this.#put(rest.subarray(0, certain));
    this.#pending = rest.subarray(certain);
  }

  /** All of the command's, once nothing more comes. */
  text(): string {
    this.#put(this.#pending);
    this.#pending = Buffer.alloc(0);
    return Buffer.concat(this.#kept).toString("utf8");
  }

  #put(data: Buffer): void {
    if (data.length === 0 || this.#state === "after") return;
    if (this.#state === "before") {
      this.#chatter = Buffer.concat([this.#chatter, data]).subarray(0, CHATTER_BYTES);
      return;
    }
    this.#hear(data);
    const kept = data.subarray(0, this.#room.bytes);
    this.truncated ||= kept.length < data.length;
    this.#room.bytes -= kept.length;
    if (kept.length > 0) this.#kept.push(kept);
  }

  /** How many bytes at the end may be the beginning of a mark. */
  #partOfMark(data: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, data.length); length > 0; length--) {
      if (data.subarray(data.length - length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
