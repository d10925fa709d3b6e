import { dirname } from "node:path";
import { best, moduleByName } from "../../fleet/boards/catalog/index.ts";
import { BOARDS } from "../../fleet/boards/index.ts";
import type { BoardName } from "../../fleet/spec/index.ts";
import { backendObjects } from "../supervise/backend-objects.ts";
import type { Silicon } from "../supervise/place-on-silicon.ts";
import { readTensorrt } from "./build-machine.ts";

/** What this device has beside its processor: by the catalogue its accelerators, by its disk what serves them. */
export async function readSilicon(board: BoardName, bundlePath: string): Promise<Silicon> {
  const folders = [dirname(bundlePath)];
  return {
    accelerators: acceleratorsOf(board),
    folders,
    objects: backendObjects(folders),
    tensorrt: await readTensorrt(),
  };
}

/** Of the module of the board's developer kit; of several modules of a family, the DLAs are the same. */
export function acceleratorsOf(board: BoardName): string[] {
  const found = moduleByName(BOARDS[board].module);
  const cores = "module" in found ? (best(found.module.dlaCores) ?? 0) : 0;
  return ["gpu", ...Array.from({ length: cores }, (_, core) => `dla${core}`)];
}
