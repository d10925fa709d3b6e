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

  readonly #waiting: (() => void)[] = [];

  write(chunk: unknown, ...rest: unknown[]): boolean {
    const { length } = chunk as Uint8Array;
    this.writableLength += length;
    this.bytesWritten += length;
    this.#waiting.push(rest.at(-1) as () => void);
    return false;
  }

  read(bytes: number): void {
    this.writableLength -= Math.min(bytes, this.writableLength);
    if (this.writableLength === 0) for (const left of this.#waiting.splice(0)) left();
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

function open(whose: string) {
  const socket = new Unread();
  const { stream, isFree } = outbound.open(
    socket,
    () => whose,
    () => ended.push(whose),
  );
  return { socket, isFree, send: (bytes: number) => void stream.write(Buffer.alloc(bytes)) };
}

describe("what waits for sessions that do not read", () => {
  it("ends a session at once with more than 64 MiB, and at no less", () => {
    fresh();
    const { socket, send } = open("operator/a");
    for (let at = 0; at < 63; at += 1) send(MIB);
    outbound.look();
    expect(socket.destroyed).toBe(false);
    send(MIB);
    expect([socket.destroyed, ended]).toEqual([true, ["operator/a"]]);
  });

  it("counts what a waiting message costs beside its bytes", () => {
    fresh();
    const { send } = open("operator/a");
    const messages = 64 * 4096;
    for (let at = 0; at <= messages && ended.length === 0; at += 1) send(26);
    expect(ended).toEqual(["operator/a"]);
  });

  it("has no room for what may be lost behind 512 KiB, and room again when that was read", () => {
    fresh();
    const { socket, isFree, send } = open("operator/a");
    send(MIB / 4);
    expect(isFree()).toBe(true);
    send(MIB / 4);
    expect(isFree()).toBe(false);
    socket.read(MIB);
    expect(isFree()).toBe(true);
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
