import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runningFleet } from "../../../cli/setup/fleet-running.mjs";

/** @type {string} */
let state;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "jetfleet-state-"));
});
afterEach(() => rmSync(state, { recursive: true }));

/**
 * @param {string} path
 * @param {unknown} content
 */
function record(path, content) {
  mkdirSync(join(state, path, ".."), { recursive: true });
  writeFileSync(join(state, path), JSON.stringify(content));
}

describe("a running fleet of this clone", () => {
  it("is none in an empty state folder", () => {
    expect(runningFleet(state)).toEqual([]);
  });

  it("is found by a board's record while its process lives", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()", "fleet/sim/board"]);
    await new Promise((resolve) => child.once("spawn", resolve));
    record("boards/door/board.json", { pid: child.pid });

    expect(runningFleet(state)).toEqual([
      { file: join(state, "boards/door/board.json"), pid: child.pid },
    ]);

    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
    expect(runningFleet(state)).toEqual([]);
  });

  it("is not a stranger that was given the same number", () => {
    const child = spawn("sleep", ["60"]);
    record("hub/hub.json", { pid: child.pid });

    expect(runningFleet(state)).toEqual([]);
    child.kill();
  });

  it("is not a record that says nothing", () => {
    record("camera/camera.json", { rtspUrl: "rtsp://127.0.0.1/" });

    expect(runningFleet(state)).toEqual([]);
  });
});
