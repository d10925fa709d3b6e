import { constants } from "node:os";
import type { UnitState } from "./unit-machine.ts";
import type { AnyUnit, Units } from "./units.ts";

/** What `systemctl show` knows of a unit, loaded or not, in systemd's names. */
export function properties(units: Units, name: string): Record<string, string> {
  if (!units.exists(name)) {
    return {
      Id: name,
      LoadState: "not-found",
      ActiveState: "inactive",
      SubState: "dead",
      UnitFileState: "",
      MainPID: "0",
    };
  }
  const unit = units.load(name);
  return {
    Type: "simple",
    Restart: unit.service.restart,
    Result: unit.state.result,
    NRestarts: String(unit.state.restarts),
    MainPID: String(unit.state.phase === "running" ? unit.mainPid : 0),
    ExecMainPID: String(unit.mainPid),
    ExecMainCode: exitCode(unit.state),
    ExecMainStatus: exitStatus(unit.state),
    ExecMainStartTimestamp: unit.startedAtMs === 0 ? "" : new Date(unit.startedAtMs).toUTCString(),
    Id: name,
    Names: name,
    Description: unit.service.description || name,
    LoadState: "loaded",
    ...activity(unit),
    FragmentPath: unit.path,
    UnitFileState: fileState(units, unit),
    NeedDaemonReload: unit.needsReload ? "yes" : "no",
  };
}

/** ActiveState and SubState of each phase. */
export function activity(unit: AnyUnit): { ActiveState: string; SubState: string } {
  switch (unit.state.phase) {
    case "running":
      return { ActiveState: "active", SubState: "running" };
    case "waiting":
      return { ActiveState: "activating", SubState: "auto-restart" };
    case "draining":
      return { ActiveState: "deactivating", SubState: "stop-sigterm" };
    case "failed":
      return { ActiveState: "failed", SubState: "failed" };
    case "inactive":
      return { ActiveState: "inactive", SubState: "dead" };
  }
}

export function fileState(units: Units, unit: AnyUnit): string {
  if (units.isEnabled(unit.name)) return "enabled";
  return unit.service.wantedBy.length === 0 ? "static" : "disabled";
}

// CLD_EXITED and CLD_KILLED of wait(2).
function exitCode({ exit }: UnitState): string {
  return exit === null ? "0" : exit.signal === null ? "1" : "2";
}

function exitStatus({ exit }: UnitState): string {
  if (exit === null) return "0";
  return String(exit.signal === null ? exit.code : constants.signals[exit.signal]);
}
