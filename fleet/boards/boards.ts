import type { BoardName } from "../spec/index.ts";

/** A power mode as /etc/nvpmodel.conf of the board lists it. Ids differ between boards and releases. */
export interface PowerMode {
  id: number;
  name: string;
  cpusOnline: number;
  cpuMaxMhz: number;
  gpuMaxMhz: number;
}

/** What a board is, and the strings by which a unit of it shows itself. */
export interface Board {
  name: BoardName;
  title: string;
  soc: "tegra186" | "tegra194";
  /** Module part number, P-number with SKU. */
  module: string;
  cpus: number;
  memoryBytes: number;
  /** `/proc/device-tree/model`. */
  model: string;
  /** `/proc/device-tree/compatible`, most specific first. */
  compatible: readonly string[];
  /** `/proc/device-tree/nvidia,dtsfilename`. */
  dtsFilename: string;
  powerModes: readonly PowerMode[];
  /** The mode a unit is in after its first boot. */
  defaultPowerMode: number;
}

const MIB = 2 ** 20;

// Sources: model, compatible and dtsfilename from NVIDIA/jetson-gpio `gpio_pin_data.py`, rbonghi/jetson_stats
// `jetson_variables.py` and issues 48, 87; OE4T/meta-tegra kirkstone-l4t-r32.7.x `conf/machine`. Power modes of
// TX2 from `nvpmodel_t186.conf`, of AGX Xavier from jetson_stats `tests/nvpmodel`. Memory as tegrastats shows it.
export const BOARDS: Readonly<Record<BoardName, Board>> = {
  tx2: {
    name: "tx2",
    title: "Jetson TX2",
    soc: "tegra186",
    module: "p3310-1000",
    cpus: 6,
    memoryBytes: 7852 * MIB,
    model: "quill",
    compatible: ["nvidia,quill", "nvidia,p2597-0000+p3310-1000", "nvidia,tegra186"],
    dtsFilename: "tegra186-quill-p3310-1000-c03-00-base",
    powerModes: [
      { id: 0, name: "MAXN", cpusOnline: 6, cpuMaxMhz: 2035, gpuMaxMhz: 1300 },
      { id: 1, name: "MAXQ", cpusOnline: 4, cpuMaxMhz: 1200, gpuMaxMhz: 850 },
      { id: 2, name: "MAXP_CORE_ALL", cpusOnline: 6, cpuMaxMhz: 1400, gpuMaxMhz: 1120 },
      { id: 3, name: "MAXP_CORE_ARM", cpusOnline: 4, cpuMaxMhz: 2000, gpuMaxMhz: 1120 },
      { id: 4, name: "MAXP_CORE_DENVER", cpusOnline: 2, cpuMaxMhz: 2035, gpuMaxMhz: 1120 },
    ],
    defaultPowerMode: 3,
  },
  "agx-xavier": {
    name: "agx-xavier",
    title: "Jetson AGX Xavier",
    soc: "tegra194",
    module: "p2888-0004",
    cpus: 8,
    memoryBytes: 31927 * MIB,
    model: "Jetson-AGX",
    compatible: [
      "nvidia,galen",
      "nvidia,jetson-xavier",
      "nvidia,p2822-0000+p2888-0001",
      "nvidia,tegra194",
    ],
    dtsFilename: "tegra194-p2888-0001-p2822-0000",
    powerModes: [
      { id: 0, name: "MAXN", cpusOnline: 8, cpuMaxMhz: 2265, gpuMaxMhz: 1377 },
      { id: 1, name: "MODE_10W", cpusOnline: 2, cpuMaxMhz: 1200, gpuMaxMhz: 520 },
      { id: 2, name: "MODE_15W", cpusOnline: 4, cpuMaxMhz: 1200, gpuMaxMhz: 670 },
      { id: 3, name: "MODE_30W_ALL", cpusOnline: 8, cpuMaxMhz: 1200, gpuMaxMhz: 900 },
      { id: 4, name: "MODE_30W_6CORE", cpusOnline: 6, cpuMaxMhz: 1450, gpuMaxMhz: 900 },
      { id: 5, name: "MODE_30W_4CORE", cpusOnline: 4, cpuMaxMhz: 1780, gpuMaxMhz: 900 },
      { id: 6, name: "MODE_30W_2CORE", cpusOnline: 2, cpuMaxMhz: 2100, gpuMaxMhz: 900 },
      { id: 7, name: "MODE_15W_DESKTOP", cpusOnline: 4, cpuMaxMhz: 2188, gpuMaxMhz: 675 },
    ],
    // The file says PM_CONFIG DEFAULT=2, but units boot in 7 from JetPack 4.3 on.
    defaultPowerMode: 7,
  },
};
