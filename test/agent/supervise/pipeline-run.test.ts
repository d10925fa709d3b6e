import { afterEach, expect, it } from "vitest";
import { createLog } from "../../../agent/report/log.ts";
import { PipelineRun, type RunDeps } from "../../../agent/supervise/pipeline-run.ts";
import type { LaunchRunner, RunnerListener } from "../../../agent/supervise/runner-child.ts";
import { versionFor } from "../support/deploying.ts";

const ENDED = { code: 1, signal: null, lastLine: "", overMemoryBytes: null, notStarted: null };

const launches: RunnerListener[] = [];
let refusals = 0;
/** A machine that has no process to give for as long as `refusals` last. */
const launch: LaunchRunner = (_limits, listener) => {
  if (launches.length > 0 && refusals > 0) {
    refusals -= 1;
    throw Object.assign(new Error("spawn ENOMEM"), { code: "ENOMEM" });
  }
  launches.push(listener);
  return { pid: 1, send() {}, limitMemory() {}, freeze() {}, kill: () => listener.onEnd(ENDED) };
};

let run: PipelineRun | undefined;
afterEach(async () => {
  const stopped = run?.stop();
  launches.at(-1)?.onEnd(ENDED);
  await stopped;
});

it("a runner that cannot be started again is tried on, and ends nothing else", async () => {
  const notices: string[] = [];
  refusals = 2;
  const deps: Partial<RunDeps> = {
    launch,
    native: { addonPath: "/addon", backendPath: "/backend", runtimePath: "/runtime" },
    threads: 1,
    engineOf: ({ digest }) => ({ path: "/engine", digest }),
    objectPath: (digest) => digest,
    placeOf: () => ({ place: null, why: "it has none" }),
    reportEngine: () => undefined,
    log: createLog({ write: () => {} }),
    restartBackoff: { baseMs: 10, capMs: 20 },
    onChange: () => {},
    ...{ onAnalytics: () => {}, onLifeEnd: () => {} },
    onNotice: (_run, kind, message) => void notices.push(`${kind}: ${message}`),
  };
  run = new PipelineRun(versionFor({ bytes: "good" }), deps as RunDeps);
  run.keepAlive();
  launches[0]?.onEnd(ENDED);
  await expect.poll(() => launches.length, { timeout: 10_000 }).toBe(2);
  expect(refusals).toBe(0);
  expect(notices.filter((text) => text.includes("spawn ENOMEM"))).toHaveLength(2);
  expect(run.report()).toMatchObject({ restarts: 3 });
});
