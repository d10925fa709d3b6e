import type { BoardName } from "../spec/index.ts";

/** A board that can be provisioned, and the strings by which a unit of its developer kit shows itself. */
export interface Board {
  name: BoardName;
  title: string;
  /** The module of its developer kit, by its id in the catalog: there are its figures and power modes. */
  module: string;
  /** Null for a PC, which has none. */
  tree: DeviceTree | null;
}

export interface DeviceTree {
  /** `/proc/device-tree/model`. */
  model: string;
  /** `/proc/device-tree/compatible`, most specific first. */
  compatible: readonly string[];
  /** `/proc/device-tree/nvidia,dtsfilename`. */
  dtsFilename: string;
  /** `/proc/device-tree/nvidia,boardids` as far as it is known: module and SKU, without a revision. */
  boardIds: string;
}

// Sources: model, compatible and dtsfilename from NVIDIA/jetson-gpio `gpio_pin_data.py` and its issue 125, rbonghi/jetson_stats
// `jetson_variables.py` and issues 48, 87, 357, 514, 772, PyTmcStepper's request 78; OE4T/meta-tegra `conf/machine` of its
// branches kirkstone-l4t-r32.7.x and master. The names of TX1's, Orin Nano's, Orin NX's and Thor's device trees follow those.
export const BOARDS: Readonly<Record<BoardName, Board>> = {
  tx1: board("tx1", "Jetson TX1", "tx1", {
    model: "jetson_tx1",
    compatible: ["nvidia,p2371-2180", "nvidia,jetson-cv", "nvidia,tegra210"],
    dtsFilename: "tegra210-jetson-tx1-p2597-2180-a01-devkit",
    boardIds: "2180:1000",
  }),
  tx2: board("tx2", "Jetson TX2", "tx2", {
    model: "quill",
    compatible: ["nvidia,quill", "nvidia,p2597-0000+p3310-1000", "nvidia,tegra186"],
    dtsFilename: "tegra186-quill-p3310-1000-c03-00-base",
    boardIds: "3310:1000",
  }),
  nano: board("nano", "Jetson Nano", "nano", {
    model: "NVIDIA Jetson Nano Developer Kit",
    compatible: ["nvidia,p3449-0000-b00+p3448-0000-b00", "nvidia,jetson-nano", "nvidia,tegra210"],
    dtsFilename: "tegra210-p3448-0000-p3449-0000-b00",
    boardIds: "3448:0000",
  }),
  "xavier-nx": board("xavier-nx", "Jetson Xavier NX", "xavier-nx", {
    model: "NVIDIA Jetson Xavier NX Developer Kit",
    compatible: ["nvidia,p3509-0000+p3668-0000", "nvidia,p3668-0000", "nvidia,tegra194"],
    dtsFilename: "tegra194-p3668-all-p3509-0000",
    boardIds: "3668:0000",
  }),
  "agx-xavier": board("agx-xavier", "Jetson AGX Xavier", "agx-xavier", {
    model: "Jetson-AGX",
    compatible: [
      "nvidia,galen",
      "nvidia,jetson-xavier",
      "nvidia,p2822-0000+p2888-0001",
      "nvidia,tegra194",
    ],
    dtsFilename: "tegra194-p2888-0001-p2822-0000",
    boardIds: "2888:0004",
  }),
  "orin-nano": board("orin-nano", "Jetson Orin Nano", "orin-nano-8gb", {
    model: "NVIDIA Orin Nano Developer Kit",
    compatible: ["nvidia,p3768-0000+p3767-0005", "nvidia,p3767-0005", "nvidia,tegra234"],
    dtsFilename: "tegra234-p3767-0003-p3768-0000-a0",
    boardIds: "3767:0005",
  }),
  "orin-nx": board("orin-nx", "Jetson Orin NX", "orin-nx-16gb", {
    model: "NVIDIA Orin NX Developer Kit",
    compatible: ["nvidia,p3768-0000+p3767-0000", "nvidia,p3767-0000", "nvidia,tegra234"],
    dtsFilename: "tegra234-p3767-0000-p3768-0000-a0",
    boardIds: "3767:0000",
  }),
  "agx-orin": board("agx-orin", "Jetson AGX Orin", "agx-orin", {
    model: "Jetson AGX Orin",
    compatible: ["nvidia,p3737-0000+p3701-0005", "nvidia,p3701-0005", "nvidia,tegra234"],
    dtsFilename: "tegra234-p3701-0005-p3737-0000",
    boardIds: "3701:0005",
  }),
  "agx-thor": board("agx-thor", "Jetson AGX Thor", "agx-thor", {
    model: "NVIDIA Jetson AGX Thor Developer Kit",
    compatible: ["nvidia,p4071-0000+p3834-0008", "nvidia,p3834-0008", "nvidia,tegra264"],
    dtsFilename: "tegra264-p4071-0000+p3834-0008",
    boardIds: "3834:0008",
  }),
  x86: board("x86", "PC with an NVIDIA card", "x86-t4", null),
};

function board(name: BoardName, title: string, module: string, tree: DeviceTree | null): Board {
  return { name, title, module, tree };
}
