import { describe, expect, it } from "vitest";
import {
  parseServiceFile,
  parseSpan,
  splitWords,
} from "../../../fleet/sim/board/inside/unit-file.ts";
import {
  INITIAL,
  transition,
  type UnitEvent,
  type UnitState,
} from "../../../fleet/sim/board/inside/unit-machine.ts";

const ALWAYS = parseServiceFile("[Service]\nExecStart=/bin/x\nRestart=always\nRestartSec=2\n");
const NEVER = parseServiceFile("[Service]\nExecStart=/bin/x\n");
const start = (nowMs = 0): UnitEvent => ({ kind: "start", nowMs });
const stop: UnitEvent = { kind: "stop" };
const drained: UnitEvent = { kind: "drained", nowMs: 0 };
const killed: UnitEvent = { kind: "exited", exit: { code: null, signal: "SIGKILL" } };
const done: UnitEvent = { kind: "exited", exit: { code: 0, signal: null } };

function after(events: UnitEvent[], service = ALWAYS): UnitState {
  return events.reduce((state, event) => transition(state, event, service).state, INITIAL);
}

describe("the life of a service", () => {
  it.each([
    ["start", [start()], "running"],
    ["start, killed", [start(), killed], "draining"],
    ["start, killed, drained", [start(), killed, drained], "waiting"],
    [
      "start, killed, drained, time up",
      [start(), killed, drained, { kind: "restart-due", nowMs: 2000 }],
      "running",
    ],
    ["start, stop, drained", [start(), stop, drained], "inactive"],
    ["stop while waiting for the restart", [start(), killed, drained, stop], "inactive"],
    ["start while it is being stopped", [start(), stop, start(), drained], "running"],
    [
      "stop after start while it is being stopped",
      [start(), stop, start(), stop, drained],
      "inactive",
    ],
  ] as [string, UnitEvent[], string][])("%s leads to the right state", (_title, events, phase) => {
    expect(after(events).phase).toBe(phase);
  });

  it("ends in failed or inactive by how the process ended, without a restart policy", () => {
    expect(after([start(), killed, drained], NEVER)).toMatchObject({
      phase: "failed",
      result: "signal",
    });
    expect(after([start(), done, drained], NEVER)).toMatchObject({
      phase: "inactive",
      result: "success",
    });
  });

  it.each([
    ["on-failure", killed, "waiting"],
    ["on-failure", done, "inactive"],
    ["on-success", done, "waiting"],
    ["on-abnormal", { kind: "exited", exit: { code: 1, signal: null } }, "failed"],
  ] as [string, UnitEvent, string][])("Restart=%s after %j gives %s", (policy, event, phase) => {
    const service = parseServiceFile(`[Service]\nExecStart=/bin/x\nRestart=${policy}\n`);
    expect(after([start(), event, drained], service).phase).toBe(phase);
  });

  it("refuses the sixth start within ten seconds and allows it later", () => {
    const five = Array.from({ length: 5 }, (_, index) => [
      start(index * 1000),
      stop,
      drained,
    ]).flat();
    expect(after([...five, start(9000)])).toMatchObject({
      phase: "failed",
      result: "start-limit-hit",
    });
    expect(after([...five, start(20_000)]).phase).toBe("running");
  });

  it("spawns and kills exactly once", () => {
    expect(transition(INITIAL, start(), ALWAYS).actions).toEqual(["spawn"]);
    const running = after([start()]);
    expect(transition(running, start(), ALWAYS).actions).toEqual([]);
    expect(transition(running, stop, ALWAYS).actions).toEqual(["kill"]);
    expect(transition(after([start(), stop]), stop, ALWAYS).actions).toEqual([]);
  });
});

describe("unit files", () => {
  it("are read with quotes, continued lines, comments and prefixes", () => {
    const service = parseServiceFile(
      `[Unit]\nDescription=An agent\n# no\n[Service]\nExecStart=-/opt/a/node \\\n  "two words" 'x y'=1 --z\nEnvironment=A=1 "B=2 3"\nRestartSec=1min 500ms\n[Install]\nWantedBy=multi-user.target\n`,
    );
    expect(service).toMatchObject({
      description: "An agent",
      command: ["/opt/a/node", "two words", "x y=1", "--z"],
      ignoreFailure: true,
      environment: { A: "1", B: "2 3" },
      restartMs: 60_500,
      wantedBy: ["multi-user.target"],
      ignored: [],
    });
  });

  it("name what is not simulated instead of dropping it", () => {
    const service = parseServiceFile("[Service]\nExecStart=/bin/x\nType=notify\nMemoryMax=1G\n");
    expect(service.ignored).toEqual(["Type=notify (taken as simple)", "MemoryMax=1G"]);
  });

  it("without ExecStart are refused in systemd's words", () => {
    expect(() => parseServiceFile("[Service]\nRestart=always\n")).toThrow(
      "Service has no ExecStart= setting",
    );
  });

  it.each([
    ["2", 2000],
    ["500ms", 500],
    ["0.3", 300],
    ["infinity", Number.POSITIVE_INFINITY],
  ])("read the span %s as %d ms", (text, wantedMs) => {
    expect(parseSpan(text)).toBe(wantedMs);
  });

  it("split words at blanks only outside quotes", () => {
    expect(splitWords(`sh -c 'echo "a b"; exit' "" x`)).toEqual([
      "sh",
      "-c",
      'echo "a b"; exit',
      "",
      "x",
    ]);
  });
});
