export interface ActivePowerMode {
  name: string;
  /** Null on units whose nvpmodel prints no id. */
  id: number | null;
}

/**
 * Reads the output of `nvpmodel -q`. Warnings (`NVPM WARN: …`) and the fan mode may stand before it; the id is
 * the line after the name. Null when no power mode is named.
 */
export function parseNvpmodelQuery(output: string): ActivePowerMode | null {
  const lines = output.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => line.includes("NV Power Mode:"));
  const name = /NV Power Mode:\s*(\S+)/.exec(lines[at] ?? "")?.[1];
  if (name === undefined) return null;
  const id = lines[at + 1] ?? "";
  return { name, id: /^\d+$/.test(id) ? Number(id) : null };
}

export interface NvpmodelConf {
  modes: { id: number; name: string }[];
  defaultId: number | null;
}

/** Reads names and ids from `/etc/nvpmodel.conf`. Ids differ by board and release: always ask the unit's own file. */
export function parseNvpmodelConf(text: string): NvpmodelConf {
  const modes: NvpmodelConf["modes"] = [];
  let defaultId: number | null = null;
  for (const line of text.split("\n")) {
    const mode = /^\s*<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>/.exec(line);
    if (mode?.[1] && mode[2]) modes.push({ id: Number(mode[1]), name: mode[2] });
    const fallback = /^\s*<\s*PM_CONFIG\s+DEFAULT=(\d+)\s*>/.exec(line);
    if (fallback?.[1]) defaultId = Number(fallback[1]);
  }
  return { modes, defaultId };
}

/** Reads `/var/lib/nvpmodel/status`, such as `pmode:0002 fmode:quiet`: the id of the active mode, or null. */
export function parseNvpmodelStatus(text: string): number | null {
  const match = /pmode:(\d+)/.exec(text);
  return match?.[1] ? Number(match[1]) : null;
}
