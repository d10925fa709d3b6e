import { dirname } from "node:path";
import { best, moduleByName } from "../../fleet/boards/catalog/index.ts";
import { BOARDS } from "../../fleet/boards/index.ts";
import type { BuildMachines } from "../../fleet/engine/index.ts";
import { asFleetError } from "../../fleet/errors/index.ts";
import type { BoardName } from "../../fleet/spec/index.ts";
import type { SiliconBuilder } from "../engine/recipes.ts";
import { backendObjects } from "../supervise/backend-objects.ts";
import { type BackendQuestion, findBackend } from "../supervise/choose-backend.ts";
import type { BackendInfo } from "../supervise/ipc/backend.ts";
import { placeOnSilicon, type Silicon } from "../supervise/place-on-silicon.ts";
import { readBuildMachine, readCardMachine, readTensorrt } from "./build-machine.ts";

/** A card that engines are built for though this machine has none: a simulated board's. */
export interface AbsentCard {
  name: string;
  /** "8.6". */
  computeCapability: string;
  multiprocessors: number;
}

export interface ConfiguredSilicon {
  bundlePath: string;
  tensorrtPath: string;
  simulatedCard?: AbsentCard | undefined;
  /** Asks a backend, in a process of its own, what its library and its GPU are. Throws what keeps it from being opened. */
  describe: (backend: { backendPath: string; runtimePath: string }) => Promise<BackendInfo>;
}

export interface ReadSilicon {
  silicon: Silicon;
  /** Null: nothing builds engines for the accelerators. */
  builder: SiliconBuilder | null;
  /** Whether a backend that came with the agent serves them. */
  isSent: boolean;
}

/**
 * What this device has beside its processor: by the catalogue its accelerators, by its disk what serves them and what
 * builds engines for them. `own`: a backend that was made on this very board, or null.
 */
export async function readSilicon(
  board: BoardName,
  configured: ConfiguredSilicon,
  own: string | null,
): Promise<ReadSilicon> {
  const { bundlePath, tensorrtPath, simulatedCard: card } = configured;
  const folders = [dirname(bundlePath)];
  const tensorrt = await readTensorrt();
  const sent = backendObjects(folders);
  const isSent = findBackend({ accelerator: "gpu", folders, objects: sent, tensorrt }) !== null;
  const found = { folders, objects: own === null ? sent : [own, ...sent], tensorrt };
  const accelerators = card === undefined ? acceleratorsOf(board) : ["gpu"];
  const { machines, unknown } =
    board === "x86" && card === undefined
      ? await machinesOfPc({ ...found, accelerator: "gpu" }, configured)
      : card === undefined || tensorrt !== null
        ? await readBuildMachine()
        : machinesWith(card, found.objects);
  const [machine] = machines;
  const silicon = { ...found, accelerators, unknown, runtimePath: tensorrtPath };
  const placing = placeOnSilicon({}, silicon);
  if (machine === undefined || placing.place === null) return { silicon, builder: null, isSent };
  const { backendPath, runtimePath } = placing.place;
  const absent = card && machine.backend === "tensorrt-rtx" && card.computeCapability;
  return {
    silicon,
    isSent,
    builder: { backendPath, runtimePath, machine, ...(absent && { absentCard: absent }) },
  };
}

/** A PC's card is not in a catalogue: how many multiprocessors it has, which are part of the key, its driver tells. */
async function machinesOfPc(
  question: BackendQuestion,
  { tensorrtPath: runtimePath, describe }: ConfiguredSilicon,
): Promise<BuildMachines> {
  const backendPath = findBackend(question);
  if (backendPath === null) return { machines: [], unknown: ["its GPU: no backend serves it"] };
  try {
    return await readCardMachine(await describe({ backendPath, runtimePath }));
  } catch (error) {
    const { message } = asFleetError(error, "asking for the GPU");
    return { machines: [], unknown: [`its GPU: ${message}`] };
  }
}

/** What a machine with such a card is to TensorRT-RTX, whose version its backend's name tells. */
function machinesWith(
  { name: soc, computeCapability, multiprocessors }: AbsentCard,
  objects: readonly string[],
): BuildMachines {
  const version = objects.flatMap(
    (path) => /-tensorrt-rtx-(\d+\.\d+)\.so$/.exec(path)?.[1] ?? [],
  )[0];
  if (version === undefined) return { machines: [], unknown: ["which TensorRT-RTX there is"] };
  const software = { version, packageVersion: null, l4t: null, module: null, plugins: {} };
  const hardware = { soc, computeCapability, multiprocessors };
  return { machines: [{ backend: "tensorrt-rtx", ...software, ...hardware }], unknown: [] };
}

/** Of the module of the board's developer kit; of several modules of a family, the DLAs are the same. */
export function acceleratorsOf(board: BoardName): string[] {
  const found = moduleByName(BOARDS[board].module);
  const cores = "module" in found ? (best(found.module.dlaCores) ?? 0) : 0;
  return ["gpu", ...Array.from({ length: cores }, (_, core) => `dla${core}`)];
}
