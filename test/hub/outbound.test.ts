import { EventEmitter } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { Outbound, type OutboundSocket } from "../../fleet/hub/broker/outbound.ts";

const MIB = 1 << 20;

/** A socket of which nothing leaves but what `read` takes. */
class Unread extends EventEmitter implements OutboundSocket {
  writableLength = 0;
  bytesWritten = 0;
  writable = true;
  destroyed = false;

  write(chunk: unknown): boolean {
    const { length } = chunk as Uint8Array;
    this.writableLength += length;
    this.bytesWritten += length;
    return false;
  }

  read(bytes: number): void {
    this.writableLength -= Math.min(bytes, this.writableLength);
  }

  end(): never {
    throw new Error("nobody ends it");
  }

  destroy(): never {
    this.destroyed = true;
    this.writable = false;
    this.writableLength = 0;
    this.emit("close");
    return undefined as never;
  }
}

let nowMs = 0;
let outbound: Outbound;
const ended: string[] = [];

function fresh(): void {
  nowMs = 0;
  ended.length = 0;
  outbound = new Outbound(() => nowMs);
}
afterEach(() => outbound.close());

function open(whose: string): { socket: Unread; send: (bytes: number) => void } {
  const socket = new Unread();
  const stream = outbound.open(
    socket,
    () => whose,
    () => ended.push(whose),
  );
  return { socket, send: (bytes) => void stream.write(Buffer.alloc(bytes)) };
}

describe("what waits for sessions that do not read", () => {
  it("ends a session at once with more than 64 MiB, and at no less", () => {
    fresh();
    const { socket, send } = open("operator/a");
    for (let at = 0; at < 64; at += 1) send(MIB);
    outbound.look();
    expect(socket.destroyed).toBe(false);
    send(1);
    expect([socket.destroyed, ended]).toEqual([true, ["operator/a"]]);
  });

  it("ends a session of which nothing leaves for 15 s, not one that reads slowly", () => {
    fresh();
    const [deaf, slow, idle] = [open("operator/deaf"), open("operator/slow"), open("device/idle")];
    for (const { send } of [deaf, slow]) send(MIB);
    idle.send(100);
    for (; nowMs <= 15_500; nowMs += 250) {
      slow.socket.read(1000);
      outbound.look();
    }
    expect(ended).toEqual(["operator/deaf"]);
  });

  it("is counted over all sessions of one peer, and the longest goes first", () => {
    fresh();
    const short = open("operator/a");
    const long = open("operator/a");
    const neighbour = open("operator/b");
    for (let at = 0; at < 30; at += 1) short.send(MIB);
    for (let at = 0; at < 40; at += 1) long.send(MIB);
    for (let at = 0; at < 50; at += 1) neighbour.send(MIB);
    outbound.look();
    expect(ended).toEqual(["operator/a"]);
    expect([short, long, neighbour].map(({ socket }) => socket.destroyed)).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("is at most 128 MiB of all peers together, however many they are", () => {
    fresh();
    const lanes = Array.from({ length: 50 }, (_, at) => open(`operator/${at}`));
    for (const { send } of lanes) for (let at = 0; at < 5; at += 1) send(MIB);
    outbound.look();
    const waiting = lanes.reduce((sum, { socket }) => sum + socket.writableLength, 0);
    expect(waiting).toBeLessThanOrEqual(128 * MIB);
    expect(ended).toHaveLength(25);
  });
});
