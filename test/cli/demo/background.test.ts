import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { endPart, ensureRunning, findRunning, type Part } from "../../../cli/demo/background.ts";
import { isAlive, standingOf } from "../../../cli/demo/process-check.ts";
import { until } from "../../hub/running-hub.ts";

const READY = "console.log(JSON.stringify({port:7,pid:process.pid})); setInterval(() => {}, 1e6);";
const never = new AbortController().signal;

let dir: string;

beforeEach(async () => {
  dir = await realpath(await mkdtemp(path.join(tmpdir(), "jetfleet-part-")));
});
afterEach(async () => {
  await endPart(part());
  await rm(dir, { recursive: true });
});

function part(program = READY, ...args: string[]): Part<{ port: number }> {
  return {
    name: "test part",
    command: process.execPath,
    args: ["-e", program, "--", ...args],
    folder: path.join(dir, "part"),
    recordFile: path.join(dir, "part", "record.json"),
    writesRecord: false,
    ready: z.object({ port: z.number() }),
    logFolder: path.join(dir, "logs"),
    startDeadlineMs: 10_000,
  };
}

describe("a part in the background", () => {
  it("is started once and found again", async () => {
    const first = await ensureRunning(part(), never);
    expect(first).toMatchObject({ started: true, ready: { port: 7 } });
    const second = await ensureRunning(part(), never);
    expect(second).toMatchObject({ started: false, pid: first.pid });
    expect(await endPart(part())).toBe("ended");
    // Dead, but a zombie until this process, its parent, hears of it.
    await until("its end", () => !isAlive(first.pid));
    expect(await endPart(part())).toBe("not-running");
  });

  it("is started anew when it should run with other arguments", async () => {
    const first = await ensureRunning(part(), never);
    const second = await ensureRunning(part(READY, "other"), never);
    expect(second.started).toBe(true);
    expect(second.pid).not.toBe(first.pid);
    // Dead, but a zombie until this process, its parent, hears of it.
    await until("its end", () => !isAlive(first.pid));
  });

  it("is killed with its group when it does not end by itself", async () => {
    const stubborn = `process.on("SIGTERM", () => {});${READY}`;
    const { pid } = await ensureRunning(part(stubborn), never);
    const { endProcess } = await import("../../../cli/demo/process-check.ts");
    expect(await endProcess(pid, 300)).toBe("killed");
    // Dead, but a zombie until this process, its parent, hears of it.
    await until("its end", () => !isAlive(pid));
  });

  it("never counts a stranger that was given its pid as ours", async () => {
    const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
    await once(stranger, "spawn");
    await ensureRunning(part(), never);
    await endPart(part());
    const record = { port: 7, pid: stranger.pid };
    await writeFile(part().recordFile, JSON.stringify(record));
    expect(await findRunning(part())).toBeNull();
    expect(await endPart(part())).toBe("not-running");
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
    stranger.kill();
  });

  it("of another clone, with the same program in another folder, is not ours", async () => {
    const { pid } = await ensureRunning(part(), never);
    const launch = { command: part().command, args: part().args, cwd: path.join(dir, "part") };
    expect(await standingOf(pid, launch)).toBe("same");
    expect(await standingOf(pid, { ...launch, cwd: path.join(dir, "elsewhere") })).toBe("not-ours");
  });
});

describe("a part that does not start", () => {
  it("passes on the code, the words and the next step that it said", async () => {
    const says = `console.error("PORT_TAKEN: Expected port 1\\n  next: Choose another."); process.exit(1)`;
    await expect(ensureRunning(part(says), never)).rejects.toMatchObject({
      code: "PORT_TAKEN",
      message: "Expected port 1 (while starting test part)",
      hint: "Choose another.",
    });
  });

  it("names its log when it said nothing of use", async () => {
    const failing = ensureRunning(part("process.exit(3)"), never);
    await expect(failing).rejects.toMatchObject({ code: "PART_FAILED" });
    await expect(failing).rejects.toThrow("exit code 3");
  });

  it("is ended when it says nothing within its deadline", async () => {
    const silent =
      "require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1e6)";
    const late = { ...part(silent), startDeadlineMs: 1500 };
    await expect(ensureRunning(late, never)).rejects.toThrow("nothing within 1.5 s");
    const pid = Number(await readFile(path.join(dir, "part", "pid"), "utf8"));
    // Dead, but a zombie until this process, its parent, hears of it.
    await until("its end", () => !isAlive(pid));
  });

  it("leaves nothing behind when the start is cancelled", async () => {
    const silent =
      "require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1e6)";
    const cancel = new AbortController();
    const starting = ensureRunning(part(silent), cancel.signal);
    const file = path.join(dir, "part", "pid");
    await until("the process", () =>
      readFile(file, "utf8").then(
        (text) => text !== "",
        () => false,
      ),
    );
    const pid = Number(await readFile(file, "utf8"));
    cancel.abort();
    await expect(starting).rejects.toMatchObject({ code: "CANCELLED" });
    // Dead, but a zombie until this process, its parent, hears of it.
    await until("its end", () => !isAlive(pid));
  });
});
