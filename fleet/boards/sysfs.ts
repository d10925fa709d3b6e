/** Where a figure stands in the file system of a unit, by glob; `{…}` lists alternatives. */
export const SYSFS = {
  gpuLoad: "/sys/class/devfreq/*/load",
  gpuName: "/sys/class/devfreq/*/device/of_node/name",
  gpuMask: "/sys/class/devfreq/*/device/tpc_pg_mask",
  gpuClock: "/sys/class/devfreq/*/{cur_freq,min_freq,max_freq,governor,available_frequencies}",
  dlaStatus: "/sys/devices/platform/**/*nvdla{0,1}/power/runtime_status",
  dlaActiveTime: "/sys/devices/platform/**/*nvdla{0,1}/power/runtime_active_time",
  pvaStatus: "/sys/devices/platform/**/*pva{0,1}/power/runtime_status",
  dlaNodes: "/dev/{nvhost-nvdla{0,1},nvhost-ctrl-nvdla{0,1}}",
  /** Root and debugfs only; names such as dla0_core, pva0_vps, nvdec, nvenc, vic. */
  clocks: "/sys/kernel/debug/clk/*/{clk_enable_count,clk_rate,clk_min_rate,clk_max_rate}",
  /** Of t186, t194 and t234; then of t210; then of t264. Where the load stands nobody has confirmed. */
  memoryClock: "/sys/kernel/debug/bpmp/debug/clk/emc/{rate,max_rate,min_rate}",
  memoryClockT210: "/sys/kernel/debug/{tegra_bwmgr/*,clk/override.emc/clk_rate}",
  memoryClockT264: "/sys/class/devfreq/bwmgr/cur_freq",
  /** `NvMapMemUsed` is what the GPU holds of the memory. */
  memory: "/proc/meminfo",
  cpus: "/sys/devices/system/cpu/cpu*/{online,cpufreq/scaling_cur_freq}",
  railsR32: "/sys/bus/i2c/drivers/ina3221x/*/iio:device*/{rail_name_*,in_power*_input}",
  railsR34: "/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/{in*_label,in*_input,curr*_input}",
  thermal: "/sys/devices/virtual/thermal/thermal_zone*/{type,temp}",
  powerMode: "/var/lib/nvpmodel/status",
} as const;

/** `of_node/name` of the GPU among the devfreq devices. */
export const GPU_NODE_NAMES = ["gv11b", "gp10b", "ga10b", "gb10b", "gpu"] as const;

/** GPU load in percent; the file has tenths. Null when it is no number. */
export function parseGpuLoad(text: string): number | null {
  const tenths = Number(text.trim());
  return text.trim() === "" || !Number.isFinite(tenths) ? null : tenths / 10;
}

export type RuntimeStatus = "active" | "suspended" | "unknown";

/** Power state of a DLA or PVA core. There is no counter of its utilisation on any release. */
export function parseRuntimeStatus(text: string): RuntimeStatus {
  const status = text.trim();
  return status === "active" || status === "suspended" ? status : "unknown";
}

/**
 * Share of a span that a core was powered, in percent, from two readings of `runtime_active_time` (ms). It
 * includes the delay before the core is suspended, so it is an upper bound of the utilisation.
 */
export function poweredPercent(beforeMs: number, afterMs: number, spanMs: number): number | null {
  if (spanMs <= 0 || afterMs < beforeMs) return null;
  return Math.min(100, (100 * (afterMs - beforeMs)) / spanMs);
}

/** A thermal zone in degrees; null for the PMIC's constant, and for a block that is off (EAGAIN, -256). */
export function zoneCelsius(type: string, temp: string | null): number | null {
  const celsius = temp === null ? Number.NaN : Number(temp.trim()) / 1000;
  if (/PMIC/i.test(type) || !Number.isFinite(celsius) || celsius <= -256) return null;
  return celsius;
}

/** Megahertz of a clock file in hertz, or of `scaling_cur_freq`, which is in kilohertz. Null when it is no number. */
export function parseClock(text: string, unit: "hertz" | "kilohertz"): number | null {
  const value = wholeNumber(text);
  return value === null ? null : value / (unit === "hertz" ? 1e6 : 1e3);
}

/** Whether a codec, DLA or PVA clock runs, from `clk_enable_count` and `clk_rate`, as jetson_stats reckons it. */
export function clockRuns(enableCount: string | null, rate: string | null): boolean {
  return wholeNumber(enableCount ?? "") === 1 || (wholeNumber(rate ?? "") ?? 0) > 0;
}

/** Bytes that the GPU holds, from `/proc/meminfo`; null on a unit that does not say. */
export function parseGpuMemory(meminfo: string): number | null {
  const kib = /^NvMapMemUsed:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

function wholeNumber(text: string): number | null {
  return /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : null;
}

/**
 * Power per rail in milliwatts, from the files of one INA3221 by name. Up to L4T 32 channels count from 0 and say
 * milliwatts, from 34 on they count from 1 and say volts and amperes. Rails called NC and the sum of all are left out.
 */
export function parseRails(files: Readonly<Record<string, string>>): Record<string, number> {
  const rails: Record<string, number> = {};
  for (const [name, text] of Object.entries(files)) {
    const [, older, newer] = /^(?:rail_name_(\d)|in(\d)_label)$/.exec(name) ?? [];
    const rail = text.trim();
    if ((older ?? newer) === undefined || rail === "NC" || !/^[A-Z]\w*$/.test(rail)) continue;
    const file = (one: string): number | null => wholeNumber(files[one] ?? "");
    const [volts, amperes] = [file(`in${newer}_input`), file(`curr${newer}_input`)];
    const milliwatts =
      older !== undefined
        ? file(`in_power${older}_input`)
        : volts !== null && amperes !== null
          ? railMilliwatts(volts, amperes)
          : null;
    if (milliwatts !== null) rails[rail] = milliwatts;
  }
  return rails;
}

/** Milliwatts of an INA3221 channel of L4T 34 and newer, from millivolts and milliamperes. */
export function railMilliwatts(millivolts: number, milliamperes: number): number {
  return (millivolts * milliamperes) / 1000;
}

export type WholeBoardPower =
  | { milliwatts: number; rails: string[]; note: string | null }
  | { milliwatts: null; rails: []; note: string };

// Sources: energymon JetsonPowerRails.md, jetson_stats power.py. First set whose rails are all there wins.
const WHOLE_BOARD: readonly { rails: readonly string[]; note: string | null }[] = [
  { rails: ["VDD_IN"], note: null },
  { rails: ["POM_5V_IN"], note: null },
  { rails: ["VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"], note: "sum of three rails" },
  {
    rails: ["GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"],
    note: "sum of six rails: no rail has the total",
  },
  { rails: ["VIN"], note: null },
];

/** Power of the module as a whole, from its rails by name. */
export function wholeBoardPower(milliwatts: Readonly<Record<string, number>>): WholeBoardPower {
  for (const { rails, note } of WHOLE_BOARD) {
    const values = rails.map((rail) => milliwatts[rail]);
    if (values.every((value): value is number => value !== undefined)) {
      return { milliwatts: values.reduce((sum, value) => sum + value, 0), rails: [...rails], note };
    }
  }
  return { milliwatts: null, rails: [], note: "no known set of rails has the total" };
}
