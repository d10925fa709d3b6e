import { findModule, MODULES, moduleOfPart } from "../boards/catalog/index.ts";
import {
  BOARDS,
  identify,
  identifyModule,
  type ModuleEvidence,
  parseCards,
} from "../boards/index.ts";

export interface ModuleFacts {
  /** Id in the catalog, of the board's own family; null when that is not certain. */
  module: string | null;
  /** Its name for people; also of a module that this version does not provision. */
  moduleTitle: string | null;
  /** Why the answer may be wrong, or why there is none. */
  moduleDoubts: string[];
}

// Buses that carry a module's EEPROM, in jetson_stats' order (`jtop/core/jetson_variables.py`); 7 is TX2's.
const BUSES = [0, 1, 2, 7];

/** Part of the probe's script. The kernel's driver reads the EEPROM: a bus is never touched from here. */
export const READ_MODULE = `
file boardIds /proc/device-tree/nvidia,boardids
file dtsFilename /proc/device-tree/nvidia,dtsfilename
say memory grep MemTotal: /proc/meminfo
for bus in ${BUSES.join(" ")}; do
  eeprom=/sys/bus/i2c/devices/$bus-0050/eeprom
  [ ! -r "$eeprom" ] || say "eeprom$bus" dd if="$eeprom" bs=1 skip=20 count=29
done`;

type Answers = (name: string) => string | null;

export function tellModule(answer: Answers, board: string): ModuleFacts {
  if (board === "x86") return tellCard(parseCards(answer("cards") ?? ""));
  const evidence: ModuleEvidence = {
    eeprom: eepromOf(answer),
    boardIds: answer("boardIds"),
    dtsFilename: answer("dtsFilename"),
    compatible: answer("compatible"),
    model: answer("model"),
    memTotalKib: memoryKib(answer("memory") ?? ""),
  };
  const { partNumber, from, doubts } = identifyModule(evidence);
  const module = partNumber === null ? null : moduleOfPart(partNumber);
  const moduleTitle = module?.title ?? null;
  if (board === "unknown" || !module) return { module: null, moduleTitle, moduleDoubts: doubts };
  if (boardOfPart(partNumber) === board) {
    return { module: module.id, moduleTitle, moduleDoubts: doubts };
  }
  const doubt = `${from} says ${module.title}, which is no module of ${board}`;
  return { module: null, moduleTitle, moduleDoubts: [...doubts, doubt] };
}

/** A PC is known by its card: the driver has names such as "Tesla T4", "NVIDIA L4", "NVIDIA H100 80GB HBM3". */
function tellCard([card = "", ...others]: readonly string[]): ModuleFacts {
  const known = MODULES.find(({ id }) => id === `x86-${/\b[TL]4\b/.exec(card)?.[0].toLowerCase()}`);
  const stand = findModule(BOARDS.x86.module)?.title;
  const doubts = [
    ...(known ? [] : [`plans know no ${card}: they are made as for ${stand}`]),
    ...(others.length > 0 ? [`of ${others.length + 1} cards the first, ${card}, is used`] : []),
  ];
  return { module: known?.id ?? null, moduleTitle: known?.title ?? card, moduleDoubts: doubts };
}

/** Carriers have EEPROMs of their own on the same buses: the first that names a module is the one. */
function eepromOf(answer: Answers): string | null {
  const texts = BUSES.map((bus) => answer(`eeprom${bus}`)).filter((text) => text !== null);
  return texts.find(namesModule) ?? texts[0] ?? null;
}

function namesModule(eeprom: string): boolean {
  const nothing = { boardIds: null, dtsFilename: null, compatible: null, model: null };
  return identifyModule({ ...nothing, eeprom, memTotalKib: null }).partNumber !== null;
}

function memoryKib(line: string): number | null {
  const kib = /^MemTotal:\s+(\d+) kB/m.exec(line)?.[1];
  return kib === undefined ? null : Number(kib);
}

/** The board that a device tree of this module names. */
function boardOfPart(partNumber: string | null): string {
  const compatible = `nvidia,${partNumber}`;
  return identify({ compatible, model: null, tegraRelease: null }).board;
}
