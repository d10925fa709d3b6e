/** Where a figure comes from. Keys are short because every cell of the tables names one. */
export const SOURCES = {
  notes: "comparison notes of June 2019 that this project began with",
  notes16: "the same notes, which speak of the 16 GB module of this family",
  table: "NVIDIA's Jetson comparison table (public copies)",
  jtop: "rbonghi/jetson_stats, jtop/core/jetson_variables.py and tests",
  tegra: "OE4T/meta-tegra, machine configurations and release notes",
  gpio: "NVIDIA/jetson-gpio, gpio_pin_data.py",
  nixos: "anduril/jetpack-nixos, sourceinfo and README",
  dla: "NVIDIA/Deep-Learning-Accelerator-SW, README and FAQ",
  bench: "NVIDIA-AI-IOT/jetson_benchmarks, configuration files",
  blog: "NVIDIA's announcement of Jetson AGX Xavier (copy)",
  conf: "nvpmodel configuration files (public copies, such as LineageOS android_device_nvidia_{quill,galen,concord})",
  dumps: "outputs of units in public issues, notes and test fixtures",
  datasheet: "NVIDIA's module data sheet (public copy)",
  l4tguide: "NVIDIA's Jetson Linux developer guide, r36.5, software features of Orin",
  relnotes: "NVIDIA's JetPack release notes",
  vpi: "NVIDIA VPI documentation, algorithms and supported back ends",
  rate: "clock that the peak rate in NVIDIA's module comparison (public copy) asks of the module's cores",
  general: "common knowledge, not confirmed by a source",
  derived: "derived from other rows of this table",
} as const;

export type SourceKey = keyof typeof SOURCES;

export interface Fact<T> {
  value: T;
  source: SourceKey;
}

/**
 * A value with its sources, most trusted first. Empty means unknown: nobody guesses. More than one entry means
 * that the sources differ, and both are kept.
 */
export type Sourced<T> = readonly Fact<T>[];

export const UNKNOWN: readonly never[] = [];

export function from<T>(source: SourceKey, value: T): Sourced<T> {
  return [{ value, source }];
}

/** Sources that differ: every entry is kept, the first is the one to reckon with. */
export function differing<T>(...facts: readonly Sourced<T>[]): Sourced<T> {
  return facts.flat();
}

/** The value to reckon with, or null when it is unknown. */
export function best<T>(sourced: Sourced<T>): T | null {
  return sourced[0]?.value ?? null;
}
