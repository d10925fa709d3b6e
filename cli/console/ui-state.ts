import type { FleetView } from "../../fleet/view/index.ts";
import type { Command } from "./keys.ts";

/** Where the user is. The selection is a device's name, not a row: rows may come and go. */
export interface UiState {
  screen: "fleet" | "device";
  help: boolean;
  selected: string | null;
  done: boolean;
}

export const INITIAL_UI: UiState = { screen: "fleet", help: false, selected: null, done: false };

export function nextUi(state: UiState, command: Command, view: FleetView): UiState {
  if (command === "quit") return { ...state, done: true };
  if (state.help) return { ...state, help: false };
  if (command === "help") return { ...state, help: true };
  switch (command) {
    case "other":
      return state;
    case "open":
      return selectedDevice(state, view) ? { ...state, screen: "device" } : state;
    case "back":
      return { ...state, screen: "fleet" };
    case "up":
      return move(state, view, (at) => at - 1);
    case "down":
      return move(state, view, (at) => at + 1);
    case "first":
      return move(state, view, () => 0);
    case "last":
      return move(state, view, () => view.devices.length - 1);
  }
}

/** The selected device, or the first when it is gone or none was chosen yet. */
export function selectedDevice(
  state: UiState,
  view: FleetView,
): FleetView["devices"][number] | null {
  return view.devices.find(({ name }) => name === state.selected) ?? view.devices[0] ?? null;
}

function move(state: UiState, view: FleetView, to: (at: number) => number): UiState {
  const current = selectedDevice(state, view);
  const at = view.devices.findIndex((device) => device === current);
  const wanted = Math.min(view.devices.length - 1, Math.max(0, to(at)));
  return { ...state, selected: view.devices[wanted]?.name ?? null };
}
