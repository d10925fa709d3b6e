import type { Module, ModuleRow } from "./module.ts";
import { POWER_MODES } from "./power-mode.ts";
import { differing, from, type Sourced, UNKNOWN } from "./sourced.ts";

type Draft = Partial<Omit<Module, "rows">> &
  Pick<Module, "id" | "title" | "soc" | "partNumbers"> & {
    rows?: Partial<Record<ModuleRow, Sourced<string>>>;
  };

const NO_ROWS: Record<ModuleRow, Sourced<string>> = {
  gpu: UNKNOWN,
  dlAccelerator: UNKNOWN,
  visionAccelerator: UNKNOWN,
  cpu: UNKNOWN,
  memory: UNKNOWN,
  storage: UNKNOWN,
  encode: UNKNOWN,
  decode: UNKNOWN,
  camera: UNKNOWN,
  pcie: UNKNOWN,
  mechanical: UNKNOWN,
  power: UNKNOWN,
  deepstreamThen: UNKNOWN,
  jetpack42: UNKNOWN,
};

/** A module in which everything that is not said is unknown. */
function module({ rows, ...said }: Draft): Module {
  return {
    cudaCores: UNKNOWN,
    tensorCores: UNKNOWN,
    gpuMaxMhz: UNKNOWN,
    dlaCores: UNKNOWN,
    dlaMaxMhz: UNKNOWN,
    dlaTops: UNKNOWN,
    memoryGb: UNKNOWN,
    bandwidthGBps: UNKNOWN,
    emcMaxMhz: UNKNOWN,
    decodeMpixPerSecond: UNKNOWN,
    encodeMpixPerSecond: UNKNOWN,
    powerModes: POWER_MODES.unknown,
    lastJetpack: UNKNOWN,
    firstJetpack: UNKNOWN,
    ...said,
    rows: { ...NO_ROWS, ...rows },
  };
}

const NO_DLA = { dlaCores: from("dla", 0), dlaTops: from("derived", 0) };
const NONE = from("jtop", "none");

const NANO = module({
  id: "nano",
  title: "Jetson Nano 4GB",
  soc: "t210",
  partNumbers: ["p3448-0000", "p3448-0002"],
  cudaCores: from("table", 128),
  tensorCores: from("table", 0),
  gpuMaxMhz: from("general", 921.6),
  ...NO_DLA,
  memoryGb: from("table", 4),
  bandwidthGBps: from("table", 25.6),
  emcMaxMhz: from("jtop", 1600),
  decodeMpixPerSecond: from("table", 500),
  encodeMpixPerSecond: from("table", 250),
  powerModes: POWER_MODES.nano,
  firstJetpack: from("tegra", "4.2"),
  lastJetpack: from("tegra", "4.6"),
  rows: {
    gpu: from("table", "128-core Maxwell"),
    dlAccelerator: NONE,
    visionAccelerator: NONE,
    cpu: from("table", "4 × A57"),
    memory: from("table", "4 GB 64-bit LPDDR4, 25.6 GB/s"),
    decode: from("table", "500 MP/s: 4 × 1080p60"),
    encode: from("table", "250 MP/s"),
    power: from("table", "5 / 10 W"),
  },
});

const TX2 = module({
  id: "tx2",
  title: "Jetson TX2",
  soc: "t186",
  partNumbers: ["p3310-1000"],
  cudaCores: from("table", 256),
  tensorCores: from("table", 0),
  gpuMaxMhz: from("conf", 1300.5),
  ...NO_DLA,
  memoryGb: from("table", 8),
  bandwidthGBps: differing(from("table", 59.7), from("notes", 58.4)),
  emcMaxMhz: from("dumps", 1866),
  decodeMpixPerSecond: from("table", 1000),
  encodeMpixPerSecond: from("table", 500),
  powerModes: POWER_MODES.tx2,
  firstJetpack: from("relnotes", "3.2"),
  lastJetpack: from("tegra", "4.6"),
  rows: {
    gpu: from("notes", "256-core Pascal @ 1.3 GHz"),
    dlAccelerator: from("notes", "none"),
    visionAccelerator: from("notes", "none"),
    cpu: from("notes", "6 cores, Denver and A57 @ 2 GHz, 2 × 2 MB L2"),
    memory: differing(
      from("notes", "8 GB 128-bit LPDDR4, 58.4 GB/s"),
      from("table", "8 GB 128-bit LPDDR4, 59.7 GB/s"),
    ),
    storage: from("notes", "32 GB eMMC"),
    encode: differing(from("notes", "2 × 4K30 HEVC"), from("table", "500 MP/s: 4 × 1080p60")),
    decode: differing(
      from("notes", "2 × 4K30, 12 bit"),
      from("table", "1000 MP/s: 2 × 4K60, 7 × 1080p60, 20 × 1080p30 HEVC"),
    ),
    camera: from("notes", "12 lanes MIPI CSI-2, D-PHY 1.2 30 Gbps"),
    pcie: from("notes", "5 lanes Gen 2 (1x4+1x1 or 2x1+1x4)"),
    mechanical: from("notes", "50 × 87 mm, 400-pin connector"),
    power: from("notes", "7.5 / 15 W"),
    deepstreamThen: differing(
      from("notes", "1.5 (JetPack 3.2, TensorRT 4)"),
      from("relnotes", "1.5 (JetPack 3.2, TensorRT 3.0.4)"),
    ),
    // DeepStream 3.0 was for AGX Xavier and Tesla cards; the notes ask whether it will come, and say no more.
    jetpack42: from("general", "TensorRT 5.0, no DeepStream yet"),
  },
});

/** TX2's relatives share chip and video engines, and have their own memory and power budget. */
/** FP16 on Pascal's GP10B: two multiply-adds a core and cycle. */
function clockOfFp16Rate(teraFlops: number, cores: number) {
  return from("rate", Math.round((teraFlops * 1e6) / (cores * 4)));
}

function tx2Relative(draft: Draft & { memory: string; power: string }): Module {
  const { memory, power, ...said } = draft;
  return module({
    cudaCores: TX2.cudaCores,
    tensorCores: TX2.tensorCores,
    gpuMaxMhz: clockOfFp16Rate(1.33, 256),
    ...NO_DLA,
    decodeMpixPerSecond: TX2.decodeMpixPerSecond,
    encodeMpixPerSecond: TX2.encodeMpixPerSecond,
    bandwidthGBps: from("table", 51.2),
    // What 128 bits need for that bandwidth.
    emcMaxMhz: from("derived", 1600),
    lastJetpack: TX2.lastJetpack,
    ...said,
    rows: {
      gpu: from("table", "256-core Pascal"),
      dlAccelerator: NONE,
      visionAccelerator: NONE,
      cpu: from("table", "2 × Denver 2 and 4 × A57"),
      memory: from("table", memory),
      decode: from("table", "1000 MP/s, as TX2"),
      encode: from("table", "500 MP/s, as TX2"),
      power: from("table", power),
    },
  });
}

const NX_ROWS = {
  gpu: from("table", "384-core Volta @ 1.1 GHz, 48 Tensor Cores"),
  dlAccelerator: from("dla", "2 × NVDLA v1"),
  visionAccelerator: from("table", "2 × 7-way VLIW processor (PVA)"),
  cpu: from("table", "6 × Carmel"),
  storage: from("datasheet", "16 GB eMMC; none on the developer kit's module"),
  camera: from("datasheet", "12 lanes (3 × 4, 6 × 2 or 6 × 1) MIPI CSI-2, D-PHY 1.2 30 Gbps"),
  decode: from("table", "2 × 690 MP/s: 12 × 1080p60, 32 × 1080p30"),
  encode: from("table", "2 × 464 MP/s: 14 × 1080p30"),
  power: from("table", "10 / 15 / 20 W"),
};

function xavierNx(draft: Draft & { memory: string }): Module {
  const { memory, ...said } = draft;
  return module({
    cudaCores: from("table", 384),
    tensorCores: from("table", 48),
    gpuMaxMhz: differing(from("bench", 1109.25), from("table", 1100)),
    dlaCores: from("dla", 2),
    dlaMaxMhz: from("conf", 1100.8),
    // 21 TOPS of the module less 13.6 TOPS of its GPU, over two cores.
    dlaTops: from("derived", 3.7),
    bandwidthGBps: differing(from("general", 59.7), from("datasheet", 51.2)),
    emcMaxMhz: differing(from("conf", 1866), from("datasheet", 1600)),
    decodeMpixPerSecond: from("table", 1380),
    encodeMpixPerSecond: from("table", 928),
    powerModes: POWER_MODES["xavier-nx"],
    lastJetpack: from("relnotes", "5.1"),
    ...said,
    rows: { ...NX_ROWS, memory: from("table", memory) },
  });
}

/** What NVIDIA's table says of every AGX Xavier but those that it names apart. */
const AGX_ROWS = {
  gpu: from("table", "512-core Volta, 64 Tensor Cores"),
  dlAccelerator: from("dla", "2 × NVDLA v1"),
  visionAccelerator: from("table", "2 × 7-way VLIW processor (PVA)"),
  cpu: from("table", "8 × Carmel"),
};
const AGX_VIDEO_ROWS = {
  encode: from("table", "2 × 1000 MP/s: 16 × 1080p60, 32 × 1080p30"),
  decode: from("table", "2 × 1500 MP/s: 26 × 1080p60, 72 × 1080p30"),
};

/** What the notes say of the AGX Xavier of June 2019, which had 16 GB: for its sisters they are another module's. */
function notedRows(source: "notes" | "notes16") {
  const noted = (text: string) => from(source, text);
  return {
    gpu: differing(noted("512-core Volta @ 1.37 GHz, 64 Tensor Cores"), AGX_ROWS.gpu),
    dlAccelerator: differing(noted("2 × NVDLA"), AGX_ROWS.dlAccelerator),
    visionAccelerator: noted("2 × 7-way VLIW processor (PVA)"),
    cpu: noted("8-core Carmel @ 2.26 GHz, 4 × 2 MB L2 + 4 MB L3"),
    storage: noted("32 GB eMMC"),
    encode: differing(noted("4 × 4K60 / 8 × 4K30 HEVC"), AGX_VIDEO_ROWS.encode),
    decode: differing(noted("2 × 8K30 / 6 × 4K60, 12 bit"), AGX_VIDEO_ROWS.decode),
    camera: noted("16 lanes CSI-2 or 8 lanes SLVS-EC, D-PHY 40 / C-PHY 109 Gbps"),
    pcie: noted("16 lanes Gen 4 (1x8+1x4+1x2+2x1)"),
    mechanical: noted("100 × 87 mm, 699-pin connector"),
    deepstreamThen: noted("3.0 (JetPack 4.2, TensorRT 5)"),
    jetpack42: noted("TensorRT 5, DeepStream 3.0"),
  };
}
const AGX_POWER = "10 / 15 / 30 W";

function agxXavier(draft: Draft & { memory: Sourced<string> }): Module {
  const { memory, rows, ...said } = draft;
  return module({
    cudaCores: from("table", 512),
    tensorCores: from("table", 64),
    gpuMaxMhz: from("table", 1377),
    dlaCores: from("dla", 2),
    dlaMaxMhz: from("bench", 1395.2),
    dlaTops: from("blog", 5),
    bandwidthGBps: from("table", 136.5),
    // The highest that its power modes name.
    emcMaxMhz: from("jtop", 2133),
    decodeMpixPerSecond: from("table", 3000),
    encodeMpixPerSecond: from("table", 2000),
    powerModes: POWER_MODES["agx-xavier"],
    firstJetpack: from("tegra", "4.2"),
    lastJetpack: from("relnotes", "5.1"),
    ...said,
    rows: { ...AGX_ROWS, memory, ...rows },
  });
}

const ORIN_DLA = {
  dlaMaxMhz: from("general", 1600),
  // Sparse figures are twice as high; the planner reckons dense.
  dlaTops: from("general", 26),
};

const AGX_ORIN_CAMERA = from("l4tguide", "CSI 0 to 7");
const ORIN_SMALL_CAMERA = from("l4tguide", "CSI 0 to 3");

const JETPACK_5_TO_7 = { lastJetpack: from("nixos", "7.2") };

/** Every module of the fleet, oldest generation first. */
export const MODULES: readonly Module[] = [
  module({
    id: "tx1",
    title: "Jetson TX1",
    soc: "t210",
    partNumbers: ["p2180-1000"],
    cudaCores: from("table", 256),
    tensorCores: from("table", 0),
    ...NO_DLA,
    gpuMaxMhz: from("general", 998.4),
    memoryGb: from("table", 4),
    bandwidthGBps: from("general", 25.6),
    firstJetpack: from("relnotes", "3.2"),
    lastJetpack: from("tegra", "4.6"),
    rows: {
      gpu: from("table", "256-core Maxwell"),
      dlAccelerator: NONE,
      visionAccelerator: NONE,
      cpu: from("table", "4 × A57"),
      memory: from("table", "4 GB"),
    },
  }),
  NANO,
  {
    ...NANO,
    id: "nano-2gb",
    title: "Jetson Nano 2GB",
    partNumbers: ["p3448-0003"],
    memoryGb: from("table", 2),
    bandwidthGBps: UNKNOWN,
    firstJetpack: from("tegra", "4.5"),
    rows: { ...NANO.rows, memory: from("table", "2 GB") },
  },
  TX2,
  tx2Relative({
    id: "tx2i",
    title: "Jetson TX2i",
    soc: "t186",
    // meta-tegra's device tree says p3489-1000 where jetson_stats says p3489-0000.
    partNumbers: ["p3489-0000", "p3489-1000"],
    gpuMaxMhz: clockOfFp16Rate(1.26, 256),
    memoryGb: from("table", 8),
    memory: "8 GB ECC, 51.2 GB/s",
    power: "10 / 20 W",
  }),
  tx2Relative({
    id: "tx2-4gb",
    title: "Jetson TX2 4GB",
    soc: "t186",
    partNumbers: ["p3489-0888"],
    memoryGb: from("table", 4),
    memory: "4 GB, 51.2 GB/s",
    power: "7.5 / 15 W",
    firstJetpack: from("tegra", "4.2"),
  }),
  tx2Relative({
    id: "tx2-nx",
    title: "Jetson TX2 NX",
    soc: "t186",
    partNumbers: ["p3636-0001"],
    powerModes: POWER_MODES["tx2-nx"],
    memoryGb: from("table", 4),
    memory: "4 GB, 51.2 GB/s",
    power: "7.5 / 15 W",
    firstJetpack: from("tegra", "4.5"),
  }),
  xavierNx({
    id: "xavier-nx",
    title: "Jetson Xavier NX 8GB",
    soc: "t194",
    partNumbers: ["p3668-0000", "p3668-0001"],
    memoryGb: from("table", 8),
    memory: "8 GB 128-bit LPDDR4x",
    firstJetpack: from("tegra", "4.4"),
  }),
  xavierNx({
    id: "xavier-nx-16gb",
    title: "Jetson Xavier NX 16GB",
    soc: "t194",
    partNumbers: ["p3668-0003"],
    memoryGb: from("table", 16),
    memory: "16 GB 128-bit LPDDR4x",
    firstJetpack: from("tegra", "4.6.1"),
  }),
  agxXavier({
    id: "agx-xavier-8gb",
    title: "Jetson AGX Xavier 8GB",
    soc: "t194",
    partNumbers: ["p2888-0006"],
    cudaCores: from("general", 384),
    tensorCores: from("general", 48),
    // 11.1 INT8 TOPS of 48 Tensor Cores with 128 multiply-adds a cycle.
    gpuMaxMhz: from("rate", Math.round(11.1e6 / (48 * 256))),
    dlaMaxMhz: UNKNOWN,
    // 8.2 of both.
    dlaTops: from("table", 4.1),
    memoryGb: from("table", 8),
    bandwidthGBps: from("table", 85.3),
    decodeMpixPerSecond: UNKNOWN,
    encodeMpixPerSecond: UNKNOWN,
    powerModes: POWER_MODES.unknown,
    emcMaxMhz: UNKNOWN,
    // L4T R32.6.1 took it out of the list of supported modules.
    lastJetpack: from("tegra", "4.5"),
    memory: from("table", "8 GB, 85.3 GB/s"),
    rows: {
      gpu: from("general", "384-core Volta, 48 Tensor Cores, lower clocks"),
      cpu: from("general", "6 × Carmel"),
      power: from("table", "10 / 20 W"),
    },
  }),
  agxXavier({
    id: "agx-xavier-16gb",
    title: "Jetson AGX Xavier 16GB",
    soc: "t194",
    partNumbers: ["p2888-0001"],
    memoryGb: from("table", 16),
    bandwidthGBps: differing(from("table", 136.5), from("notes", 137)),
    emcMaxMhz: from("notes", 2133),
    memory: differing(
      from("notes", "16 GB 256-bit LPDDR4x @ 2133 MHz, 137 GB/s"),
      from("table", "16 GB 256-bit LPDDR4x, 136.5 GB/s"),
    ),
    rows: { ...notedRows("notes"), power: from("notes", AGX_POWER) },
  }),
  agxXavier({
    id: "agx-xavier",
    title: "Jetson AGX Xavier 32GB",
    soc: "t194",
    partNumbers: ["p2888-0003", "p2888-0004"],
    memoryGb: from("table", 32),
    memory: differing(
      from("table", "32 GB 256-bit LPDDR4x, 136.5 GB/s"),
      from("notes16", "16 GB 256-bit LPDDR4x @ 2133 MHz, 137 GB/s"),
    ),
    rows: { ...notedRows("notes16"), power: from("table", AGX_POWER) },
  }),
  agxXavier({
    id: "agx-xavier-64gb",
    title: "Jetson AGX Xavier 64GB",
    soc: "t194",
    partNumbers: ["p2888-0005"],
    memoryGb: from("table", 64),
    memory: from("table", "64 GB 256-bit LPDDR4x, 136.5 GB/s"),
    firstJetpack: from("tegra", "4.6.1"),
    rows: { ...AGX_VIDEO_ROWS, power: from("table", AGX_POWER) },
  }),
  agxXavier({
    id: "agx-xavier-industrial",
    title: "Jetson AGX Xavier Industrial",
    soc: "t194",
    partNumbers: ["p2888-0008"],
    cudaCores: from("general", 512),
    tensorCores: from("general", 64),
    gpuMaxMhz: UNKNOWN,
    dlaMaxMhz: UNKNOWN,
    dlaTops: UNKNOWN,
    bandwidthGBps: UNKNOWN,
    emcMaxMhz: UNKNOWN,
    decodeMpixPerSecond: UNKNOWN,
    encodeMpixPerSecond: UNKNOWN,
    memoryGb: from("table", 32),
    powerModes: POWER_MODES.unknown,
    memory: from("table", "32 GB ECC"),
    firstJetpack: from("tegra", "4.6"),
    rows: {
      gpu: from("general", "512-core Volta, 64 Tensor Cores"),
      power: from("general", "20 / 40 W"),
    },
  }),
  module({
    id: "agx-orin-32gb",
    title: "Jetson AGX Orin 32GB",
    soc: "t234",
    partNumbers: ["p3701-0004", "p3701-0000"],
    cudaCores: from("general", 1792),
    tensorCores: from("general", 56),
    gpuMaxMhz: from("general", 930),
    dlaCores: from("dla", 2),
    memoryGb: from("table", 32),
    bandwidthGBps: from("table", 204.8),
    emcMaxMhz: from("dumps", 3199),
    powerModes: POWER_MODES["agx-orin-32gb"],
    firstJetpack: from("relnotes", "5.0.2"),
    ...JETPACK_5_TO_7,
    rows: {
      camera: AGX_ORIN_CAMERA,
      gpu: from("general", "1792-core Ampere, 56 Tensor Cores"),
      dlAccelerator: from("dla", "2 × NVDLA v2"),
      visionAccelerator: from("table", "1 × PVA v2"),
      cpu: from("general", "8 × Cortex-A78AE"),
      memory: from("table", "32 GB, 204.8 GB/s"),
      power: from("general", "15 to 40 W"),
    },
  }),
  module({
    id: "agx-orin",
    title: "Jetson AGX Orin 64GB",
    soc: "t234",
    partNumbers: ["p3701-0005"],
    cudaCores: from("table", 2048),
    tensorCores: from("table", 64),
    gpuMaxMhz: from("general", 1300.5),
    dlaCores: from("dla", 2),
    ...ORIN_DLA,
    memoryGb: from("table", 64),
    bandwidthGBps: from("table", 204.8),
    emcMaxMhz: from("dumps", 3199),
    powerModes: POWER_MODES["agx-orin"],
    firstJetpack: from("relnotes", "5.0.2"),
    ...JETPACK_5_TO_7,
    rows: {
      camera: AGX_ORIN_CAMERA,
      gpu: from("table", "2048-core Ampere, 64 Tensor Cores"),
      dlAccelerator: from("dla", "2 × NVDLA v2"),
      visionAccelerator: from("table", "1 × PVA v2"),
      cpu: from("table", "12 × Cortex-A78AE"),
      memory: from("table", "64 GB, 204.8 GB/s"),
      power: from("table", "15 to 60 W"),
    },
  }),
  module({
    id: "agx-orin-industrial",
    title: "Jetson AGX Orin Industrial",
    soc: "t234",
    partNumbers: ["p3701-0008"],
    dlaCores: from("dla", 2),
    memoryGb: from("tegra", 64),
    firstJetpack: from("tegra", "5.1.2"),
    ...JETPACK_5_TO_7,
    rows: { dlAccelerator: from("dla", "2 × NVDLA v2"), cpu: from("tegra", "12 cores") },
  }),
  module({
    id: "igx-orin",
    title: "IGX Orin developer kit",
    soc: "t234",
    partNumbers: ["p3701-0002"],
    dlaCores: from("dla", 2),
    rows: { dlAccelerator: from("dla", "2 × NVDLA v2"), cpu: from("tegra", "12 cores") },
  }),
  ...(["16", "8"] as const).map((gb) =>
    module({
      id: `orin-nx-${gb}gb`,
      title: `Jetson Orin NX ${gb}GB`,
      soc: "t234",
      partNumbers: [gb === "16" ? "p3767-0000" : "p3767-0001"],
      cudaCores: from("table", 1024),
      tensorCores: from("table", 32),
      gpuMaxMhz: from("general", 918),
      dlaCores: from("dla", gb === "16" ? 2 : 1),
      // The data sheet's 20 a core are sparse, as DeepStream-Yolo's issue 601 quotes it.
      dlaTops: from("general", 10),
      memoryGb: from("table", Number(gb)),
      bandwidthGBps: from("table", 102.4),
      emcMaxMhz: from("conf", 3199),
      powerModes: POWER_MODES[`orin-nx-${gb}gb`],
      firstJetpack: from("relnotes", "5.1"),
      ...JETPACK_5_TO_7,
      rows: {
        camera: ORIN_SMALL_CAMERA,
        gpu: from("table", "1024-core Ampere, 32 Tensor Cores"),
        dlAccelerator: from("dla", `${gb === "16" ? 2 : 1} × NVDLA v2`),
        visionAccelerator: from("table", "1 × PVA v2"),
        cpu: from("general", `${gb === "16" ? 8 : 6} × Cortex-A78AE`),
        memory: from("table", `${gb} GB, 102.4 GB/s`),
        power: from("general", "10 to 25 W (Super 40 W)"),
      },
    }),
  ),
  ...(["8", "4"] as const).map((gb) =>
    module({
      id: `orin-nano-${gb}gb`,
      title: `Jetson Orin Nano ${gb}GB`,
      soc: "t234",
      partNumbers: gb === "8" ? ["p3767-0003", "p3767-0005"] : ["p3767-0004"],
      cudaCores: from("table", gb === "8" ? 1024 : 512),
      tensorCores: from("table", gb === "8" ? 32 : 16),
      gpuMaxMhz: from("general", 625),
      ...NO_DLA,
      memoryGb: from("table", Number(gb)),
      bandwidthGBps: from("table", gb === "8" ? 68 : 34),
      emcMaxMhz: from("conf", 2133),
      encodeMpixPerSecond: from("general", 0),
      powerModes: POWER_MODES[`orin-nano-${gb}gb`],
      firstJetpack: from("relnotes", "5.1.1"),
      ...JETPACK_5_TO_7,
      rows: {
        camera: ORIN_SMALL_CAMERA,
        gpu: from(
          "table",
          `${gb === "8" ? 1024 : 512}-core Ampere, ${gb === "8" ? 32 : 16} Tensor Cores`,
        ),
        dlAccelerator: from("dla", "none"),
        visionAccelerator: from("table", "none"),
        cpu: from("general", "6 × Cortex-A78AE"),
        memory: from("table", `${gb} GB, ${gb === "8" ? 68 : 34} GB/s`),
        encode: from("general", "none in hardware"),
        power: from("general", "7 to 15 W (Super 25 W)"),
      },
    }),
  ),
  module({
    id: "agx-thor",
    title: "Jetson AGX Thor developer kit",
    soc: "t264",
    partNumbers: ["p3834-0008"],
    powerModes: POWER_MODES.thor,
    memoryGb: from("jtop", 128),
    firstJetpack: from("nixos", "7.0"),
    lastJetpack: from("nixos", "7.2"),
    rows: {
      gpu: from("jtop", "Blackwell"),
      cpu: from("dumps", "14 cores"),
      memory: from("dumps", "125771 MB as tegrastats shows it"),
    },
  }),
  module({
    id: "agx-thor-t4000",
    title: "Jetson AGX Thor T4000",
    soc: "t264",
    partNumbers: ["p3834-0000"],
    firstJetpack: from("tegra", "7.2"),
    lastJetpack: from("tegra", "7.2"),
    rows: { gpu: from("jtop", "Blackwell") },
  }),
  module({
    id: "x86-t4",
    title: "x86-64 with a Tesla T4",
    soc: "turing-card",
    partNumbers: [],
    cudaCores: from("general", 2560),
    tensorCores: from("general", 320),
    gpuMaxMhz: from("general", 1590),
    dlaCores: from("general", 0),
    dlaTops: from("derived", 0),
    memoryGb: from("general", 16),
    bandwidthGBps: from("general", 320),
    lastJetpack: from("general", null),
    firstJetpack: from("general", null),
    rows: {
      gpu: from("general", "2560-core Turing @ 1.59 GHz, 320 Tensor Cores"),
      dlAccelerator: from("general", "none"),
      visionAccelerator: from("general", "none"),
      memory: from("general", "16 GB GDDR6 of its own, 320 GB/s"),
      pcie: from("general", "16 lanes Gen 3"),
      power: from("general", "70 W"),
      deepstreamThen: from("notes", "2.0, and 3.0 with NGC containers"),
    },
  }),
  module({
    id: "x86-l4",
    title: "x86-64 with an L4",
    soc: "ada-card",
    partNumbers: [],
    cudaCores: from("general", 7424),
    tensorCores: from("general", 232),
    gpuMaxMhz: from("general", 2040),
    dlaCores: from("general", 0),
    dlaTops: from("derived", 0),
    memoryGb: from("general", 24),
    bandwidthGBps: from("general", 300),
    lastJetpack: from("general", null),
    firstJetpack: from("general", null),
    rows: {
      gpu: from("general", "7424-core Ada, 232 Tensor Cores"),
      dlAccelerator: from("general", "none"),
      visionAccelerator: from("general", "none"),
      memory: from("general", "24 GB GDDR6 of its own, 300 GB/s"),
      power: from("general", "72 W"),
    },
  }),
];

/** The module of an id such as `agx-xavier`, or null. */
export function findModule(id: string): Module | null {
  return MODULES.find((one) => one.id === id) ?? null;
}

/** The module of a part number such as `p3310-1000`, as the EEPROM and the device tree name it, or null. */
export function moduleOfPart(partNumber: string): Module | null {
  return MODULES.find(({ partNumbers }) => partNumbers.includes(partNumber)) ?? null;
}
