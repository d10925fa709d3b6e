import { Box, Text, useApp, useInput, useWindowSize } from "ink";
import { useEffect, useReducer, useSyncExternalStore } from "react";
import type { FleetView } from "../../fleet/view/index.ts";
import type { Shown } from "../render/overlay.ts";
import { deviceScreen } from "./device-screen.ts";
import { fleetScreen } from "./fleet-screen.ts";
import { helpScreen } from "./help-screen.ts";
import { type Command, commandsOf } from "./keys.ts";
import type { Line, Size, Tone } from "./lines.ts";
import { keepScreenOverStops } from "./stops.ts";
import { INITIAL_UI, nextUi, selectedDevice, type UiState } from "./ui-state.ts";
import type { ViewStore } from "./view-store.ts";

interface Move {
  command: Command;
  view: FleetView;
}

export function App({ store }: { store: ViewStore }) {
  const view = useSyncExternalStore(store.subscribe, store.getPicture);
  const [ui, go] = useReducer(
    (state: UiState, move: Move) => nextUi(state, move.command, move.view),
    INITIAL_UI,
  );
  const { columns, rows } = useWindowSize();
  const { exit, suspendTerminal } = useApp();
  useInput((input, key) => {
    for (const command of commandsOf(input, key)) go({ command, view });
  });
  useEffect(() => {
    if (ui.done) exit();
  }, [ui.done, exit]);
  useEffect(() => keepScreenOverStops(suspendTerminal), [suspendTerminal]);
  const looked = ui.screen === "device" ? (selectedDevice(ui, view)?.name ?? null) : null;
  useEffect(() => store.look(looked), [store, looked]);
  return <Screen lines={screenOf(view, ui, { width: columns, height: rows })} />;
}

export function screenOf(view: Shown, ui: UiState, size: Size): Line[] {
  if (ui.help) return helpScreen(size);
  const device = ui.screen === "device" ? selectedDevice(ui, view) : null;
  return device ? deviceScreen(view, device, size) : fleetScreen(view, ui, size);
}

function Screen({ lines }: { lines: readonly Line[] }) {
  return (
    <Box flexDirection="column" height={lines.length} overflow="hidden">
      {lines.map((line, at) => (
        // A line has no identity but its place on the screen.
        <Text key={at} wrap="truncate" {...LOOKS[line.tone]}>
          {line.text === "" ? " " : line.text}
        </Text>
      ))}
    </Box>
  );
}

const LOOKS: Record<
  Tone,
  { bold?: boolean; dimColor?: boolean; color?: string; inverse?: boolean }
> = {
  plain: {},
  strong: { bold: true },
  faint: { dimColor: true },
  bad: { color: "red" },
  warn: { color: "yellow" },
  selected: { inverse: true },
};
