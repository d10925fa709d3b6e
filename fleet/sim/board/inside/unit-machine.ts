import type { Service } from "./unit-file.ts";

/*
 * Life of a service, as systemd's own for Type=simple:
 *
 *   state      | start            | stop             | exited                 | drained            | restart-due
 *   inactive   | running, spawn   | -                | -                      | -                  | -
 *   failed     | running, spawn   | inactive         | -                      | -                  | -
 *   running    | -                | draining, kill   | draining, kill         | -                  | -
 *   draining   | then: start      | then: inactive   | -                      | what `then` says   | -
 *   waiting    | running, spawn   | inactive         | -                      | -                  | running, spawn
 *
 * "draining" lasts until no process of the unit is left; "waiting" is RestartSec. More than StartLimitBurst starts
 * within StartLimitIntervalSec end in `failed`.
 */

/** Why a service is not running, in systemd's words. */
export type Result = "success" | "exit-code" | "signal" | "start-limit-hit";

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface UnitState {
  phase: "inactive" | "failed" | "running" | "draining" | "waiting";
  /** Where draining leads to. */
  then: "inactive" | "failed" | "waiting" | "start";
  result: Result;
  /** The last end of the main process. */
  exit: Exit | null;
  /** Automatic restarts since somebody last started the unit by hand. */
  restarts: number;
  startsMs: readonly number[];
}

export type UnitEvent =
  | { kind: "start"; nowMs: number }
  | { kind: "stop" }
  | { kind: "exited"; exit: Exit }
  | { kind: "drained"; nowMs: number }
  | { kind: "restart-due"; nowMs: number };

export type UnitAction = "spawn" | "kill" | "arm-restart" | "disarm-restart";

export interface Transition {
  state: UnitState;
  actions: UnitAction[];
}

export const INITIAL: UnitState = {
  phase: "inactive",
  then: "inactive",
  result: "success",
  exit: null,
  restarts: 0,
  startsMs: [],
};

/** What `event` does to a unit. Events that mean nothing in a state leave it as it is. */
export function transition(state: UnitState, event: UnitEvent, service: Service): Transition {
  switch (event.kind) {
    case "start":
      return onStart(state, event.nowMs, service);
    case "stop":
      return onStop(state);
    case "exited":
      return onExited(state, event.exit, service);
    case "drained":
      return onDrained(state, event.nowMs, service);
    case "restart-due":
      if (state.phase !== "waiting") return stay(state);
      return spawn({ ...state, restarts: state.restarts + 1 }, event.nowMs, service);
  }
}

function onStart(state: UnitState, nowMs: number, service: Service): Transition {
  switch (state.phase) {
    case "inactive":
    case "failed":
      return spawn({ ...state, restarts: 0 }, nowMs, service);
    case "waiting": {
      const next = spawn({ ...state, restarts: 0 }, nowMs, service);
      return { ...next, actions: ["disarm-restart", ...next.actions] };
    }
    case "draining":
      return stay({ ...state, then: "start" });
    case "running":
      return stay(state);
  }
}

function onStop(state: UnitState): Transition {
  switch (state.phase) {
    case "running":
      return { state: { ...state, phase: "draining", then: "inactive" }, actions: ["kill"] };
    case "waiting":
      return {
        state: { ...state, phase: "inactive", result: "success" },
        actions: ["disarm-restart"],
      };
    case "draining":
      return stay({ ...state, then: "inactive" });
    case "inactive":
    case "failed":
      return stay(state);
  }
}

function onExited(state: UnitState, exit: Exit, service: Service): Transition {
  if (state.phase !== "running") return stay({ ...state, exit });
  const result = service.ignoreFailure ? "success" : resultOf(exit);
  const then = wantsRestart(result, service)
    ? "waiting"
    : result === "success"
      ? "inactive"
      : "failed";
  // What the main process left behind goes before anything is started again.
  return { state: { ...state, phase: "draining", then, result, exit }, actions: ["kill"] };
}

function onDrained(state: UnitState, nowMs: number, service: Service): Transition {
  if (state.phase !== "draining") return stay(state);
  switch (state.then) {
    case "waiting":
      return { state: { ...state, phase: "waiting" }, actions: ["arm-restart"] };
    case "start":
      return spawn({ ...state, restarts: 0 }, nowMs, service);
    case "inactive":
      return stay({ ...state, phase: "inactive", result: "success" });
    case "failed":
      return stay({ ...state, phase: "failed" });
  }
}

function spawn(state: UnitState, nowMs: number, service: Service): Transition {
  const recent = state.startsMs.filter((startMs) => startMs > nowMs - service.startLimitIntervalMs);
  if (service.startLimitBurst > 0 && recent.length >= service.startLimitBurst) {
    return stay({ ...state, phase: "failed", result: "start-limit-hit", startsMs: recent });
  }
  const startsMs = [...recent, nowMs];
  return { state: { ...state, phase: "running", result: "success", startsMs }, actions: ["spawn"] };
}

// systemd counts these as a clean end, because they are how services are asked to stop.
const CLEAN_SIGNALS: readonly (string | null)[] = ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"];

function resultOf(exit: Exit): Result {
  if (exit.signal !== null) return CLEAN_SIGNALS.includes(exit.signal) ? "success" : "signal";
  return exit.code === 0 ? "success" : "exit-code";
}

function wantsRestart(result: Result, service: Service): boolean {
  switch (service.restart) {
    case "always":
      return true;
    case "on-success":
      return result === "success";
    case "on-failure":
      return result !== "success";
    case "on-abnormal":
      return result === "signal";
    case "no":
      return false;
  }
}

function stay(state: UnitState): Transition {
  return { state, actions: [] };
}
