/** One line below a power mode, such as `GPU MAX_FREQ 1377000000`. */
export interface PowerModeSetting {
  parameter: string;
  argument: string;
  /** As it stands: a number, or -1 for "the maximum". */
  value: string;
}

export interface PowerModeBlock {
  id: number;
  name: string;
  settings: PowerModeSetting[];
  /** CPUs that the block switches on; null when it says nothing of CPUs. */
  cpusOnline: number | null;
  /** Highest limit over all CPU clusters, in MHz; null for "the maximum". */
  cpuMaxMhz: number | null;
  gpuMaxMhz: number | null;
  dlaMaxMhz: number | null;
  emcMaxMhz: number | null;
  /** Null when the block has no such line. A change of the mask needs a reboot. */
  tpcPgMask: number | null;
}

export interface PowerModeFile {
  modes: PowerModeBlock[];
  defaultId: number | null;
  /** Names of `PARAM` sections, which say where the settings are written. */
  parameters: string[];
  /** Lines outside any known form, kept for whoever reads the report. */
  unknown: string[];
}

const MODE = /^<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>/;
const PARAM = /^<\s*PARAM\s+.*NAME=(\S+)\s*>/;
const DEFAULT = /^<\s*PM_CONFIG\s+DEFAULT=(\d+)\s*>/;
const OTHER_SECTION = /^<\s*\w+.*>/;
const SETTING = /^(\w+)\s+(\S+)\s+(\S+)$/;

/** Reads `/etc/nvpmodel.conf` with every setting of every mode. */
export function parsePowerModeFile(text: string): PowerModeFile {
  const file: PowerModeFile = { modes: [], defaultId: null, parameters: [], unknown: [] };
  let block: PowerModeBlock | null = null;
  let inParameter = false;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/#.*$/, "").trim();
    if (line === "") continue;
    const mode = MODE.exec(line);
    const parameter = PARAM.exec(line)?.[1];
    if (mode) {
      block = newBlock(Number(mode[1]), mode[2] ?? "");
      file.modes.push(block);
      inParameter = false;
    } else if (parameter !== undefined) {
      file.parameters.push(parameter);
      [block, inParameter] = [null, true];
    } else if (DEFAULT.test(line)) {
      file.defaultId = Number(DEFAULT.exec(line)?.[1]);
    } else if (OTHER_SECTION.test(line)) {
      file.unknown.push(line);
      [block, inParameter] = [null, true];
    } else if (block) {
      const [, name = "", argument = "", value = ""] = SETTING.exec(line) ?? [];
      if (name === "") file.unknown.push(line);
      else block.settings.push({ parameter: name, argument, value });
    } else if (!inParameter) {
      file.unknown.push(line);
    }
  }
  file.modes.forEach(summarise);
  return file;
}

function newBlock(id: number, name: string): PowerModeBlock {
  const limits = { cpuMaxMhz: null, gpuMaxMhz: null, dlaMaxMhz: null, emcMaxMhz: null };
  return { id, name, settings: [], cpusOnline: null, ...limits, tpcPgMask: null };
}

/** Fills the figures the planner reckons with. CPU limits are in kHz, all other clocks in Hz. */
function summarise(block: PowerModeBlock): void {
  const online = block.settings.filter(({ parameter }) => parameter === "CPU_ONLINE");
  // CPU 0 cannot be switched off, and files of t186 leave it out.
  const first = online.some(({ argument }) => argument === "CORE_0") ? 0 : 1;
  if (online.length > 0)
    block.cpusOnline = first + online.filter(({ value }) => value === "1").length;
  block.cpuMaxMhz = highest(block, /^CPU_(?!ONLINE)/, 1e3);
  block.gpuMaxMhz = highest(block, /^GPU$/, 1e6);
  block.dlaMaxMhz = highest(block, /^DLA\d?_CORE$|^NAFLL_DLA$/, 1e6);
  block.emcMaxMhz = highest(block, /^EMC$/, 1e6);
  const mask = block.settings.find(({ argument }) => argument === "TPC_PG_MASK")?.value;
  block.tpcPgMask = mask === undefined ? null : Number(mask);
}

function highest(block: PowerModeBlock, parameter: RegExp, divisor: number): number | null {
  const limits = block.settings
    .filter((setting) => parameter.test(setting.parameter) && /^MAX/.test(setting.argument))
    .map(({ value }) => Number(value))
    .filter((value) => Number.isFinite(value) && value > 0);
  return limits.length === 0 ? null : Math.max(...limits) / divisor;
}
