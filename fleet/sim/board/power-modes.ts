import { BOARDS } from "../../boards/boards.ts";
import { findModule } from "../../boards/catalog/modules.ts";
import { best } from "../../boards/catalog/sourced.ts";
import type { PlayedJetson } from "./images.ts";

/** A power mode as /etc/nvpmodel.conf of a simulated board lists it, in whole MHz. */
export interface PowerMode {
  id: number;
  name: string;
  cpusOnline: number;
  cpuMaxMhz: number;
  gpuMaxMhz: number;
}

export interface PowerModes {
  modes: readonly PowerMode[];
  /** The mode a unit is in after its first boot. */
  defaultId: number;
  /** CPUs of the module. */
  cpus: number;
}

/** The modes of a board's module, as the catalog has them. */
export function powerModesOf(board: PlayedJetson): PowerModes {
  const id = BOARDS[board].module;
  const module = findModule(id);
  if (!module) throw new Error(`the catalog has no module ${id}`);
  const modes = module.powerModes.modes.map((mode) => ({
    id: mode.id,
    name: mode.name,
    cpusOnline: known(mode.cpusOnline),
    cpuMaxMhz: Math.floor(known(mode.cpuMaxMhz)),
    gpuMaxMhz: Math.floor(known(mode.gpuMaxMhz ?? best(module.gpuMaxMhz))),
  }));
  const cpus = Math.max(...modes.map(({ cpusOnline }) => cpusOnline));
  return { modes, defaultId: known(best(module.powerModes.bootsInto)), cpus };

  function known(value: number | null | undefined): number {
    if (value === null || value === undefined) throw new Error(`a limit of ${id} is not known`);
    return value;
  }
}
