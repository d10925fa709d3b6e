import { parseArgs } from "node:util";
import { gpuClockFolder, readGpuClocks, writeGpuClocks } from "../gpu-clock-files.ts";
import { powerModesOf } from "../power-modes.ts";
import { ownIdentity } from "./identity.ts";
import { activePowerMode, setPowerMode } from "./power-mode.ts";

// nvpmodel of a simulated board. Setting a mode is recorded and shown, also in the
// files of the GPU's clock; it does not change the machine's clocks.

const { board } = ownIdentity();
const { modes } = powerModesOf(board.name);
const { values } = parseArgs({
  options: {
    query: { type: "boolean", short: "q" },
    mode: { type: "string", short: "m" },
    parse: { type: "boolean", short: "p" },
    verbose: { type: "boolean" },
    file: { type: "string", short: "f" },
  },
});

if (values.mode !== undefined) set(values.mode);
else if (values.query) query();
else if (values.parse) list();
else console.log("Usage (simulated): nvpmodel -q | -m MODE_ID | -p --verbose");

function query(): void {
  const mode = activePowerMode();
  // What a unit of that generation prints about its fan, before the mode.
  if (board.name === "tx2") console.log("NVPM WARN: fan mode is not set!");
  console.log(`NV Power Mode: ${mode.name}\n${mode.id}`);
}

function set(id: string): void {
  if (!modes.some((mode) => String(mode.id) === id)) {
    console.error(`NVPM ERROR: invalid power mode ${id}`);
    process.exitCode = 1;
    return;
  }
  setPowerMode(Number(id));
  const folder = gpuClockFolder(board.name);
  const maxHz = activePowerMode().gpuMaxMhz * 1_000_000;
  writeGpuClocks(folder, { ...readGpuClocks(folder), maxHz });
}

function list(): void {
  for (const mode of modes) {
    console.log(`NVPM VERB: POWER_MODEL: ID=${mode.id} NAME=${mode.name}`);
  }
}
