import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { EnvelopeReader } from "../../../agent/supervise/envelope.ts";
import { RESULT_FD, ResultPipe } from "../../../agent/supervise/result-pipe.ts";

const frames = { type: "frames", modelId: "m", frames: 3, json: Buffer.alloc(64 * 1024) } as const;
const state = { type: "source", modelId: "", frames: 0, json: Buffer.from("{}") } as const;
const stats = { type: "stats", modelId: "", frames: 0, json: Buffer.from("{}") } as const;

/** A socket whose other end reads nothing. */
class Stuck {
  writableLength = 0;
  readonly types: number[] = [];
  write(bytes: Buffer): boolean {
    this.writableLength += bytes.length;
    this.types.push(bytes.readUInt8(4));
    return false;
  }
  end = (done: () => void) => done();
}

describe("the runner's pipe to its agent", () => {
  it("keeps a bounded amount for an agent that does not read, and counts the frames it drops", () => {
    const socket = new Stuck();
    const pipe = new ResultPipe(socket as never);
    for (let i = 0; i < 100; i += 1) pipe.send(frames);
    expect(socket.writableLength).toBeLessThan(1.2 * 1024 * 1024);
    expect(pipe.framesDropped).toBe((100 - socket.types.length) * 3);
    expect(pipe.framesDropped).toBeGreaterThan(200);
  });

  it("still says what happened to the source, and statistics or how many of them it dropped", () => {
    const socket = new Stuck();
    const pipe = new ResultPipe(socket as never);
    for (let i = 0; i < 100; i += 1) pipe.send(frames);
    const before = socket.types.length;
    pipe.send(state);
    pipe.send(stats);
    expect(socket.types.length).toBe(before + 2);
    socket.writableLength = 3 * 1024 * 1024;
    pipe.send(stats);
    pipe.send(state);
    expect(socket.types.length).toBe(before + 3);
    expect(pipe.statsDropped).toBe(1);
  });
});

describe("the memory of what is sent", () => {
  const small = (index: number) => ({ ...frames, json: Buffer.from(`[${index}]`) });

  it("is not written over while any of it waits, and is used again once all has left", () => {
    const sent: Buffer[] = [];
    const socket = { writableLength: 0, write: (bytes: Buffer) => sent.push(bytes) };
    const pipe = new ResultPipe(socket as never);
    pipe.send(small(0));
    for (let i = 1; i < 50; i += 1) {
      socket.writableLength += 1;
      pipe.send(small(i));
    }
    const bodies = sent.map((bytes) => bytes.subarray(9).toString());
    expect(bodies).toEqual(sent.map((_, i) => `[${i}]`));
    socket.writableLength = 0;
    pipe.send(small(50));
    const [first, last] = [sent[0], sent.at(-1)];
    expect([last?.buffer, last?.byteOffset]).toEqual([first?.buffer, first?.byteOffset]);
  });
});

describe("a runner whose agent does not read", () => {
  let runner: ChildProcess | undefined;
  afterEach(() => void runner?.kill("SIGKILL"));

  it("does not grow, and says what it dropped once it is read again", async () => {
    runner = fork(new URL("flooding-runner.ts", import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    });
    const results = runner.stdio[RESULT_FD] as Readable;
    const [sent] = (await once(runner, "message")) as [number];
    expect(sent).toBeGreaterThan(500);
    expect(rssBytes(runner.pid)).toBeLessThan(200 * 1024 * 1024);
    let read = 0;
    const reader = new EnvelopeReader();
    for await (const chunk of results) {
      const envelopes = reader.push(chunk as Buffer);
      read += envelopes.reduce((sum, one) => sum + one.frames, 0);
      const told = envelopes.find(({ type }) => type === "stats");
      if (told === undefined) continue;
      const { framesDropped } = JSON.parse(Buffer.from(told.json).toString()) as {
        framesDropped: number;
      };
      expect(framesDropped).toBeGreaterThan(0);
      expect(read + framesDropped).toBe(sent);
      return;
    }
    throw new Error("the runner ended without statistics");
  });
});

function rssBytes(pid: number | undefined): number {
  const path = `/proc/${pid}/statm`;
  return existsSync(path) ? Number(readFileSync(path, "utf8").split(" ")[1]) * 4096 : 0;
}
