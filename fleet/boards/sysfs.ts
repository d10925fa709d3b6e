/** Where a figure stands in the file system of a unit, by glob; `{…}` lists alternatives. */
export const SYSFS = {
  gpuLoad: "/sys/class/devfreq/*/load",
  gpuName: "/sys/class/devfreq/*/device/of_node/name",
  gpuMask: "/sys/class/devfreq/*/device/tpc_pg_mask",
  dlaStatus: "/sys/devices/platform/**/*nvdla{0,1}/power/runtime_status",
  dlaActiveTime: "/sys/devices/platform/**/*nvdla{0,1}/power/runtime_active_time",
  pvaStatus: "/sys/devices/platform/**/*pva{0,1}/power/runtime_status",
  clocks: "/sys/kernel/debug/clk/*/clk_rate",
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
