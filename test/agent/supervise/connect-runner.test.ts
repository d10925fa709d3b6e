import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRunner } from "../../../agent/supervise/connect-runner.ts";
import { FrameReader, packFrame, packJson } from "../../../agent/supervise/host-frames.ts";
import type { RunnerChild, RunnerEnd } from "../../../agent/supervise/runner-child.ts";
import { errorOfEnd } from "../../../agent/supervise/runner-process.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-host-"));
const bundle = join(folder, "agent.cjs");
const socketPath = join(folder, "runner.sock");
/** Started by this, in place of systemd, for each connection. */
const hosts: ChildProcess[] = [];
let server: Server;
/** What stands in the place of the native runtime's process. */
let program = "";

beforeAll(async () => {
  const source = resolve(import.meta.dirname, "../../../agent");
  const host = join(folder, "host.cjs");
  execFileSync(process.execPath, [join(source, "build.mjs"), host]);
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket: Socket) => {
    const isRunner = `if (process.argv[2] === "runner") {${program}} else {`;
    writeFileSync(bundle, `${isRunner} require("./host.cjs") }`);
    const stdio = [socket, "ignore", "inherit"] as const;
    hosts.push(spawn(process.execPath, [bundle, "runner-host"], { stdio: [...stdio] }));
    socket.destroy();
  });
  await new Promise<void>((ready) => server.listen(socketPath, ready));
});
afterAll(async () => {
  for (const host of hosts) host.kill("SIGKILL");
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
});

interface Life {
  child: RunnerChild;
  answers: unknown[];
  lines: string[];
  results: Buffer[];
  end: Promise<RunnerEnd>;
}

function live(text: string, memoryBytes = 2 ** 30): Life {
  program = text;
  const life = { answers: [] as unknown[], lines: [] as string[], results: [] as Buffer[] };
  let child: RunnerChild | undefined;
  const end = new Promise<RunnerEnd>((onEnd) => {
    child = connectRunner(socketPath)(
      { memoryBytes },
      {
        onAnswer: (raw) => life.answers.push(raw),
        onResults: (chunk) => life.results.push(chunk) > 0,
        onLine: (line) => life.lines.push(line),
        onEnd,
      },
    );
  });
  if (child === undefined) throw new Error("not launched");
  return { ...life, child, end };
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe("a runner of the service behind a socket", () => {
  it("hears orders, and its answers, results and lines arrive with how it ended", async () => {
    const life = live(`
      process.on("message", (order) => {
        process.send({ heard: order.type });
        require("node:fs").writeSync(4, Buffer.alloc(3_000_000, 7));
        process.stderr.write("last words\\n", () => process.exit(7));
      });`);
    life.child.send({ type: "stop" });
    const end = await life.end;
    expect(life.answers).toEqual([{ heard: "stop" }]);
    expect(Buffer.concat(life.results)).toEqual(Buffer.alloc(3_000_000, 7));
    expect(life.lines).toEqual(["last words"]);
    expect(errorOfEnd(end).message).toBe(
      "The runner ended with exit code 7; its last words: last words",
    );
  });

  it("is ended by its host when it has too much memory", async () => {
    const life = live(
      "const a = []; setInterval(() => a.push(Buffer.alloc(2 ** 24, 1)), 10)",
      200 * 2 ** 20,
    );
    expect(errorOfEnd(await life.end).code).toBe("RUNNER_MEMORY");
  });

  it("is ended at once when its agent says so", async () => {
    const life = live('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)');
    await expect.poll(() => life.child.pid, { timeout: 10_000 }).toBeDefined();
    life.child.kill();
    expect(await life.end).toMatchObject({ signal: "SIGKILL" });
  });

  it("does not outlive its agent", async () => {
    program = "setInterval(() => {}, 1000); process.on('disconnect', () => process.exit())";
    const agent = connect(socketPath);
    agent.write(packJson("limits", { memoryBytes: 2 ** 30 }));
    const reader = new FrameReader();
    const pid = await new Promise<number>((launched) => {
      agent.on("data", (chunk: Buffer) => {
        for (const { type, body } of reader.push(chunk)) {
          if (type === "launched") launched(Number(body.toString()));
        }
      });
    });
    expect(isAlive(pid)).toBe(true);
    // All that the kernel does for an agent that is killed.
    agent.destroy();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => hosts.at(-1)?.exitCode, { timeout: 10_000 }).toBe(0);
  });

  it("whose service is ended is told as that", async () => {
    const life = live(
      "setInterval(() => {}, 1000); process.on('disconnect', () => process.exit())",
    );
    await expect.poll(() => life.child.pid, { timeout: 10_000 }).toBeDefined();
    hosts.at(-1)?.kill("SIGKILL");
    expect(errorOfEnd(await life.end).message).toContain("ended by the end of its service");
  });

  it("that cannot be had is told as that", async () => {
    const end = await new Promise<RunnerEnd>((onEnd) => {
      connectRunner(join(folder, "nobody.sock"))(
        { memoryBytes: 1 },
        { onAnswer: () => {}, onResults: () => true, onLine: () => {}, onEnd },
      );
    });
    expect(errorOfEnd(end).message).toMatch(
      /could not be started: the runners' socket says .*ENOENT/,
    );
  });
});

describe("frames between agent and host", () => {
  it("come out as they went in, however they are cut", () => {
    const whole = Buffer.concat([
      packFrame("line", Buffer.from('"a"')),
      packFrame("kill", Buffer.alloc(0)),
      packFrame("results", Buffer.alloc(100, 1)),
    ]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const reader = new FrameReader();
      const frames = [...reader.push(whole.subarray(0, cut)), ...reader.push(whole.subarray(cut))];
      expect(frames.map(({ type, body }) => [type, body.length])).toEqual([
        ["line", 3],
        ["kill", 0],
        ["results", 100],
      ]);
    }
  });

  it.each([
    ["of a type that there is not", Buffer.from([1, 0, 0, 0, 99])],
    ["beyond all bounds", Buffer.from([0xff, 0xff, 0xff, 0x7f, 0])],
  ])("%s are refused", (_, bytes) => {
    expect(() => new FrameReader().push(bytes)).toThrow(RangeError);
  });
});
