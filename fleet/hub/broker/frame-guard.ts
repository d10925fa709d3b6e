import { Transform } from "node:stream";

/** MQTT 3.1.1 §2.2.3: the remaining length takes at most four bytes. */
const MAX_LENGTH_BYTES = 4;

export class PacketTooLarge extends Error {
  constructor() {
    super("connection closed: packet too large");
  }
}

/**
 * Watches the packet boundaries of one connection, so that a peer that announces a huge packet is cut off before
 * its bytes are gathered (the parser would wait for up to 256 MB).
 */
export class FrameGuard {
  maxPacketBytes: number;
  #expect: "type" | "length" | "body" = "type";
  #remaining = 0;
  #lengthBytes = 0;

  constructor(maxPacketBytes: number) {
    this.maxPacketBytes = maxPacketBytes;
  }

  /** Passes the connection's bytes on, until a packet is too large. */
  stream(): Transform {
    return new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        if (this.accepts(chunk)) done(null, chunk);
        else done(new PacketTooLarge());
      },
    });
  }

  /** False when the connection must be closed. */
  accepts(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.#expect === "body") {
        const taken = Math.min(this.#remaining, chunk.length - at);
        at += taken;
        this.#remaining -= taken;
        if (this.#remaining === 0) this.#expect = "type";
      } else {
        const fits = this.#headerByte(chunk[at] ?? 0);
        at += 1;
        if (!fits) return false;
      }
    }
    return true;
  }

  #headerByte(byte: number): boolean {
    if (this.#expect === "type") {
      this.#expect = "length";
      this.#remaining = 0;
      this.#lengthBytes = 0;
      return true;
    }
    this.#remaining += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    if ((byte & 0x80) !== 0) return this.#lengthBytes < MAX_LENGTH_BYTES;
    this.#expect = this.#remaining === 0 ? "type" : "body";
    return this.#remaining <= this.maxPacketBytes;
  }
}
