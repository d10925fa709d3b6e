import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLog } from "../../../agent/report/log.ts";
import { RunnerProcess } from "../../../agent/supervise/runner-process.ts";
import type { FleetError } from "../../../fleet/errors/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-runner-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One life of a runner that is this program. */
function lifeOf(program: string): Promise<FleetError | null> {
  const bundlePath = join(mkdtempSync(join(folder, "life-")), "runner.cjs");
  writeFileSync(bundlePath, program);
  return new Promise((resolve) => {
    new RunnerProcess({
      bundlePath,
      addonPath: "",
      pipeline: { name: "entrance" } as never,
      log: createLog({ write: () => {} }),
      onStarted: () => {},
      onMessage: () => {},
      onEnd: resolve,
    });
  });
}

it("tells a runner's last words, however suddenly it ends", async () => {
  const dies = `
    process.stdout.write("a line before".padEnd(60000, ".") + "\\n");
    process.stderr.write("the driver's last words\\n");
    process.kill(process.pid, "SIGKILL");`;
  const ends = await Promise.all(Array.from({ length: 10 }, () => lifeOf(dies)));
  for (const end of ends) {
    expect(end?.message).toBe(
      "The runner ended by SIGKILL; its last words: the driver's last words",
    );
  }
});

it("does not wait for a process that a dead runner has left behind with its pipes", async () => {
  const leaves = `
    require("node:child_process").spawn("sleep", ["8"], { stdio: "inherit", detached: true }).unref();
    process.stderr.write("gone\\n");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);`;
  const beganMs = performance.now();
  expect((await lifeOf(leaves))?.message).toContain("its last words: gone");
  expect(performance.now() - beganMs).toBeLessThan(7000);
});
