import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseNvpmodelConf, parseNvpmodelStatus } from "../../../boards/nvpmodel.ts";
import { type PowerMode, powerModesOf } from "../power-modes.ts";
import { ownIdentity } from "./identity.ts";

const CONF = "/etc/nvpmodel.conf";
const STATUS = "/var/lib/nvpmodel/status";

/** The mode the unit is in: what was set last, else the default of its nvpmodel.conf. */
export function activePowerMode(): PowerMode {
  const { modes, defaultId } = powerModesOf(ownIdentity().board.name);
  const conf = parseNvpmodelConf(readFileSync(CONF, "utf8"));
  const set = existsSync(STATUS) ? parseNvpmodelStatus(readFileSync(STATUS, "utf8")) : null;
  const id = set ?? conf.defaultId ?? defaultId;
  const mode = modes.find((candidate) => candidate.id === id);
  if (!mode) throw new Error(`no power mode ${id} in ${CONF}`);
  return mode;
}

export function setPowerMode(id: number): void {
  mkdirSync(dirname(STATUS), { recursive: true });
  writeFileSync(STATUS, `pmode:${String(id).padStart(4, "0")} fmode:quiet\n`);
}
