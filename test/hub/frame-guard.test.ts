import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameGuard, type PacketHead, PacketTooLarge } from "../../fleet/hub/broker/frame-guard.ts";

const packet = (bodyBytes: number, first = 0x30): Buffer => {
  const length: number[] = [];
  let rest = bodyBytes;
  do {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), Buffer.alloc(bodyBytes, first)]);
};

/** What is passed on of `bytes` when they come in pieces of `cut`. */
function passed(guard: FrameGuard, bytes: Buffer, cut = bytes.length): Buffer {
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += cut) {
    for (const piece of guard.pieces(bytes.subarray(at, at + cut))) {
      if (piece instanceof Uint8Array) out.push(piece);
    }
  }
  return Buffer.concat(out);
}

describe("the guard of a connection's packets", () => {
  it("passes on what it does not leave out, byte for byte, however the bytes are cut", () => {
    const sizes = fc.array(fc.record({ body: fc.nat(300), drop: fc.boolean() }), { minLength: 1 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 700 }), (packets, cut) => {
        const guard = new FrameGuard(300);
        const heads: PacketHead[] = [];
        guard.judge = (head) => {
          heads.push(head);
          return packets[heads.length - 1]?.drop ? "drop" : { waitMs: 0 };
        };
        const all = packets.map(({ body }) => packet(body));
        const kept = all.filter((_, at) => !packets[at]?.drop);
        expect(passed(guard, Buffer.concat(all), cut)).toEqual(Buffer.concat(kept));
        expect(heads.map(({ bytes }) => bytes)).toEqual(all.map(({ length }) => length));
      }),
    );
  });

  it("says what the first byte says", () => {
    const guard = new FrameGuard(300);
    const heads: PacketHead[] = [];
    guard.judge = (head) => {
      heads.push(head);
      return { waitMs: 0 };
    };
    passed(guard, Buffer.concat([packet(4, 0x33), packet(0, 0xc0), packet(200, 0x82)]));
    expect(heads).toEqual([
      { type: 3, qos: 1, retain: true, bytes: 6 },
      { type: 12, qos: 0, retain: false, bytes: 2 },
      { type: 8, qos: 1, retain: false, bytes: 203 },
    ]);
  });

  it("waits before a packet, with all that came before it passed on", () => {
    const guard = new FrameGuard(300);
    guard.judge = ({ qos }) => ({ waitMs: qos === 1 ? 70 : 0 });
    const [first, second] = [packet(10), packet(20, 0x32)];
    const pieces = [...guard.pieces(Buffer.concat([first, second]))];
    const [before, wait, ...after] = pieces;
    expect([before, wait]).toEqual([first, { waitMs: 70 }]);
    expect(Buffer.concat(after as Uint8Array[])).toEqual(second);
  });

  it("lets others have their turn after 64 packets", () => {
    const guard = new FrameGuard(300);
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => packet(0, 0xc0)));
    const turns = [...guard.pieces(pings)].filter((piece) => !(piece instanceof Uint8Array));
    expect(turns).toEqual(Array.from({ length: 15 }, () => ({ waitMs: 0 })));
  });

  it("reads on only after a while when it left something out", async () => {
    const guard = new FrameGuard(300);
    guard.judge = ({ qos }) => (qos === 0 ? "drop" : { waitMs: 0 });
    const stream = guard.stream();
    const beganMs = performance.now();
    stream.write(packet(10));
    stream.write(packet(20, 0x32));
    await once(stream, "data");
    expect(performance.now() - beganMs).toBeGreaterThan(45);
  });

  it("refuses a packet above the limit at its head", () => {
    const guard = new FrameGuard(300);
    expect(passed(guard, packet(10))).toEqual(packet(10));
    expect(() => passed(guard, packet(301).subarray(0, 3))).toThrow(PacketTooLarge);
  });

  it("refuses a length of more than four bytes", () => {
    const bytes = Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]);
    expect(() => passed(new FrameGuard(300), bytes)).toThrow(PacketTooLarge);
  });
});
