import { parsePackages, parsePowerModeFile } from "../../fleet/boards/index.ts";
import {
  type BoardReadings,
  type BuildMachines,
  machineOfBoard,
  machineOfCard,
} from "../../fleet/engine/index.ts";
import type { BackendInfo } from "../supervise/ipc/backend.ts";
import { outputOf, textOf } from "./ask.ts";
import { readPowerMode } from "./clocks.ts";

/** What this device is to an engine, by its own files and tools; what cannot be known is named. */
export async function readBuildMachine(): Promise<BuildMachines> {
  return machineOfBoard(await readBoard());
}

/** What a PC's card is to an engine, by the backend that would build for it. */
export async function readCardMachine({ name, ...told }: BackendInfo): Promise<BuildMachines> {
  return machineOfCard({ ...told, backend: name, packages: await readPackages() });
}

/** Version of the package of TensorRT that is installed; null without one, or with two. */
export async function readTensorrt(): Promise<string | null> {
  const found = parsePackages((await readPackages()) ?? "").filter(({ name }) =>
    /^libnvinfer\d+$/.test(name),
  );
  return found.length === 1 ? (found[0]?.version ?? null) : null;
}

/** Versions of the packages of NVRTC that are installed; null where no package tells. */
export async function readNvrtc(): Promise<string | null> {
  const found = parsePackages((await readPackages()) ?? "").flatMap(({ name, version }) =>
    /^cuda-nvrtc-\d+-\d+$/.test(name) ? [version] : [],
  );
  return found.length === 0 ? null : found.sort().join(" ");
}

async function readBoard(): Promise<BoardReadings> {
  const tree = (name: string) => textOf(`/proc/device-tree/${name}`);
  const [
    compatible,
    model,
    boardIds,
    dtsFilename,
    tegraRelease,
    meminfo,
    modes,
    packages,
    powerMode,
  ] = await Promise.all([
    tree("compatible"),
    tree("model"),
    tree("nvidia,boardids"),
    tree("nvidia,dtsfilename"),
    textOf("/etc/nv_tegra_release"),
    textOf("/proc/meminfo"),
    textOf("/etc/nvpmodel.conf"),
    readPackages(),
    readPowerMode(),
  ]);
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  return {
    // Needs root and a bus that is not in use; the boot loader copied it to `nvidia,boardids`.
    eeprom: null,
    boardIds,
    dtsFilename,
    compatible,
    model,
    memTotalKib: kib === undefined ? null : Number(kib),
    tegraRelease,
    packages,
    powerMode,
    powerModes: modes === null ? null : parsePowerModeFile(modes),
  };
}

function readPackages(): Promise<string | null> {
  return outputOf("dpkg-query", ["-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n"]);
}
