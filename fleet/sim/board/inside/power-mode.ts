import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { PowerMode } from "../../../boards/boards.ts";
import { parseNvpmodelConf, parseNvpmodelStatus } from "../../../boards/nvpmodel.ts";
import { ownIdentity } from "./identity.ts";

const CONF = "/etc/nvpmodel.conf";
const STATUS = "/var/lib/nvpmodel/status";

/** The mode the unit is in: what was set last, else the default of its nvpmodel.conf. */
export function activePowerMode(): PowerMode {
  const { board } = ownIdentity();
  const conf = parseNvpmodelConf(readFileSync(CONF, "utf8"));
  const set = existsSync(STATUS) ? parseNvpmodelStatus(readFileSync(STATUS, "utf8")) : null;
  const id = set ?? conf.defaultId ?? board.defaultPowerMode;
  const mode = board.powerModes.find((candidate) => candidate.id === id);
  if (!mode) throw new Error(`no power mode ${id} in ${CONF}`);
  return mode;
}

export function setPowerMode(id: number): void {
  mkdirSync(dirname(STATUS), { recursive: true });
  writeFileSync(STATUS, `pmode:${String(id).padStart(4, "0")} fmode:quiet\n`);
}
