import type { AloneLine } from "../../fleet/alone/index.ts";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import type { NativeMessage } from "../../native/binding/api.ts";
import { troubleOf } from "./trouble.ts";

const LINE_END = Buffer.from("}\n");

/**
 * Standard output, a line of JSON for each message. Frames and statistics stay the bytes that the native runtime wrote. A
 * pipe takes what is written before the next message is looked at, so a reader that is slow is waited for here; what the
 * native runtime cannot keep meanwhile it counts as dropped.
 */
export class ResultLines {
  readonly #most: number;
  #frames = 0;
  #isGone = false;
  /** Called when nobody reads any more. */
  onGone: () => void = () => undefined;

  /** @param most frames to tell; the rest is left out. Default: all. */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
    process.stdout.on("error", () => {
      this.#isGone = true;
      this.onGone();
    });
  }

  tell(line: AloneLine): void {
    this.#write(Buffer.from(`${JSON.stringify(line)}\n`));
  }

  /** Whether all frames have been told. */
  send(message: NativeMessage): boolean {
    switch (message.type) {
      case "frames":
        this.#sendFrames(message.frames, message.json);
        break;
      case "stats":
        this.#write(around('{"type":"stats","stats":', message.json));
        break;
      case "analytics":
        this.#write(around('{"type":"analytics","events":', message.json));
        break;
      case "source": {
        const error = message.error && troubleOf(message.error);
        const { source, state } = message;
        this.tell({ type: "source", ...(source !== undefined && { source }), state, error });
        break;
      }
      case "warning": {
        const { type, source } = message;
        const error = troubleOf(message.error);
        this.tell({ type, ...(source !== undefined && { source }), error });
        break;
      }
      case "failed":
        this.tell({ type: message.type, error: troubleOf(message.error) });
    }
    return this.#frames >= this.#most;
  }

  /** The last line; resolves when it has been taken. */
  async last(line: AloneLine): Promise<void> {
    if (this.#isGone) return;
    await new Promise<void>((done) => {
      process.stdout.once("error", () => done());
      process.stdout.write(`${JSON.stringify(line)}\n`, () => done());
    });
  }

  #sendFrames(count: number, json: Uint8Array): void {
    const room = this.#most - this.#frames;
    if (room <= 0) return;
    this.#frames += Math.min(count, room);
    if (count <= room) return this.#write(around('{"type":"frames","frames":', json));
    const frames = JSON.parse(Buffer.from(json).toString()) as DetectedFrame[];
    this.tell({ type: "frames", frames: frames.slice(0, room) });
  }

  #write(line: Buffer): void {
    if (!this.#isGone) process.stdout.write(line);
  }
}

function around(head: string, json: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(head), json, LINE_END]);
}
