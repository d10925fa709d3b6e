import type { BoardName } from "../spec/index.ts";

/** A board that can be provisioned, and the strings by which a unit of it shows itself. */
export interface Board {
  name: BoardName;
  title: string;
  /** The module of its developer kit, by its id in the catalog: there are its figures and power modes. */
  module: string;
  /** `/proc/device-tree/model`. */
  model: string;
  /** `/proc/device-tree/compatible`, most specific first. */
  compatible: readonly string[];
  /** `/proc/device-tree/nvidia,dtsfilename`. */
  dtsFilename: string;
  /** `/proc/device-tree/nvidia,boardids` as far as it is known: module and SKU, without a revision. */
  boardIds: string;
}

// Sources: model, compatible and dtsfilename from NVIDIA/jetson-gpio `gpio_pin_data.py`, rbonghi/jetson_stats
// `jetson_variables.py` and issues 48, 87; OE4T/meta-tegra kirkstone-l4t-r32.7.x `conf/machine`.
export const BOARDS: Readonly<Record<BoardName, Board>> = {
  tx2: {
    name: "tx2",
    title: "Jetson TX2",
    module: "tx2",
    model: "quill",
    compatible: ["nvidia,quill", "nvidia,p2597-0000+p3310-1000", "nvidia,tegra186"],
    dtsFilename: "tegra186-quill-p3310-1000-c03-00-base",
    boardIds: "3310:1000",
  },
  "agx-xavier": {
    name: "agx-xavier",
    title: "Jetson AGX Xavier",
    module: "agx-xavier",
    model: "Jetson-AGX",
    compatible: [
      "nvidia,galen",
      "nvidia,jetson-xavier",
      "nvidia,p2822-0000+p2888-0001",
      "nvidia,tegra194",
    ],
    dtsFilename: "tegra194-p2888-0001-p2822-0000",
    boardIds: "2888:0004",
  },
};
