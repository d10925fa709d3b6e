import { describe, expect, it } from "vitest";
import {
  identify,
  jetpackOfL4t,
  parseNvpmodelConf,
  parseNvpmodelQuery,
  parseNvpmodelStatus,
  parseTegraRelease,
  parseTegrastats,
} from "../../fleet/boards/index.ts";

const RELEASES: [string, string, string | null][] = [
  [
    "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022",
    "32.7.1",
    "4.6.1",
  ],
  ["# R32 (release), REVISION: 7.6, GCID: 38171779, BOARD: t186ref", "32.7.6", "4.6.6"],
  [
    "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023",
    "35.4.1",
    "5.1.2",
  ],
  [
    "# R35 (release), REVISION: 5.0, GCID: 35550185, BOARD: t186ref, EABI: aarch64, DATE: Tue Feb 20 04:46:31 UTC 2024",
    "35.5.0",
    "5.1.3",
  ],
  [
    "# R39 (release), REVISION: 2.0, GCID: 45755727, BOARD: generic, EABI: aarch64, DATE: Mon Jun  1 09:28:48 PM UTC 2026",
    "39.2.0",
    "7.2",
  ],
];

describe("/etc/nv_tegra_release", () => {
  it.each(RELEASES)("%s is L4T %s, JetPack %s", (line, l4t, jetpack) => {
    const release = parseTegraRelease(`${line}\n# KERNEL_VARIANT: oot\n`);
    expect(release?.l4t).toBe(l4t);
    expect(jetpackOfL4t(l4t)).toBe(jetpack);
  });

  it("is refused when it is something else", () => {
    expect(parseTegraRelease("NAME=Debian\n")).toBeNull();
    expect(parseTegraRelease("")).toBeNull();
  });
});

describe("identify", () => {
  const release = `${RELEASES[0]?.[0]}\n`;

  it.each([
    ["TX2, R32", "nvidia,quill\0nvidia,p2597-0000+p3310-1000\0nvidia,tegra186\0", "quill\0", "tx2"],
    [
      "TX2, mainline kernel",
      "nvidia,p2771-0000\0nvidia,tegra186\0",
      "NVIDIA Jetson TX2 Developer Kit\0",
      "tx2",
    ],
    [
      "AGX Xavier, JetPack 5",
      "nvidia,galen\0nvidia,jetson-xavier\0nvidia,p2822-0000+p2888-0001\0nvidia,tegra194\0",
      "Jetson-AGX\0",
      "agx-xavier",
    ],
    [
      "TX2 NX, same SoC as TX2",
      "nvidia,p3509-0000+p3636-0001\0nvidia,tegra186\0",
      "lanai-3636\0",
      "tx2",
    ],
    [
      "Xavier NX, same SoC as AGX Xavier",
      "nvidia,p3509-0000+p3668-0000\0nvidia,tegra194\0",
      "NVIDIA Jetson Xavier NX Developer Kit\0",
      "xavier-nx",
    ],
    ["a PC", null, null, "unknown"],
  ])("%s", (_title, compatible, model, board) => {
    expect(identify({ compatible, model, tegraRelease: release }).board).toBe(board);
  });

  it("leaves L4T and JetPack open where they cannot be known", () => {
    const files = { compatible: "nvidia,quill\0", model: "quill\0", tegraRelease: null };
    expect(identify(files)).toEqual({ board: "tx2", model: "quill", l4t: null, jetpack: null });
    const newer = identify({
      ...files,
      tegraRelease: "# R99 (release), REVISION: 1.0, GCID: 1, BOARD: generic",
    });
    expect(newer).toMatchObject({ l4t: "99.1.0", jetpack: null });
  });
});

describe("nvpmodel", () => {
  it.each([
    ["NV Power Mode: MAXP_CORE_ARM\n3\n", { name: "MAXP_CORE_ARM", id: 3 }],
    ["NVPM WARN: fan mode is not set!\nNV Power Mode: MAXN\n0\n", { name: "MAXN", id: 0 }],
    [
      "NV Fan Mode:quiet\nNVPM VERB: Current mode: NV Power Mode: MODE_15W_6CORE\n2\nNVPM VERB: PARAM\n",
      { name: "MODE_15W_6CORE", id: 2 },
    ],
    ["NV Power Mode: MAXN\n", { name: "MAXN", id: null }],
    ["nvpmodel: command not found\n", null],
  ])("reads -q output %j", (output, wanted) => {
    expect(parseNvpmodelQuery(output)).toEqual(wanted);
  });

  it("reads names, ids and the default of nvpmodel.conf", () => {
    const conf =
      "# < POWER_MODEL ID=9 NAME=NO >\n< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE\n< POWER_MODEL ID=2 NAME=MODE_15W >\n< PM_CONFIG DEFAULT=2 >\n";
    expect(parseNvpmodelConf(conf)).toEqual({
      modes: [
        { id: 0, name: "MAXN" },
        { id: 2, name: "MODE_15W" },
      ],
      defaultId: 2,
    });
  });

  it("reads the status file", () => {
    expect(parseNvpmodelStatus("pmode:0002 fmode:quiet")).toBe(2);
    expect(parseNvpmodelStatus("")).toBeNull();
  });
});

// Captured lines: TX2 on R28 and R32, AGX Xavier on R32 with and without root, Orin NX on R35.
const LINES = {
  tx2R28:
    "RAM 1633/7853MB (lfb 1197x4MB) CPU [65%@960,off,off,28%@960,21%@960,16%@960] EMC_FREQ 8%@665 GR3D_FREQ 0%@140 MSENC 115 NVDEC 268 APE 150 BCPU@36.5C MCPU@36.5C GPU@35C PLL@36.5C Tboard@33C Tdiode@34C PMIC@100C thermal@35.9C VDD_IN 2915/2934 VDD_CPU 383/383 VDD_GPU 153/153 VDD_SOC 613/613 VDD_WIFI 19/38 VDD_DDR 595/595",
  tx2R32:
    "RAM 2344/7852MB (lfb 1154x4MB) SWAP 0/3926MB (cached 0MB) CPU [1%@345,off,off,1%@345,0%@345,2%@345] EMC_FREQ 4%@1600 GR3D_FREQ 0%@624 APE 150 PLL@37.5C MCPU@37.5C PMIC@100C Tboard@32C GPU@35C BCPU@37.5C thermal@36.5C Tdiode@34.25C VDD_SYS_GPU 152/152 VDD_SYS_SOC 687/687 VDD_4V0_WIFI 0/0 VDD_IN 3056/3056 VDD_SYS_CPU 152/152 VDD_SYS_DDR 883/883",
  xavierBusy:
    "RAM 721/31927MB (lfb 7291x4MB) SWAP 0/15963MB (cached 0MB) CPU [2%@1190,0%@1190,0%@1190,0%@1190,off,off,off,off] EMC_FREQ 55%@2133 GR3D_FREQ 95%@1377 APE 150 MTS fg 0% bg 10% AO@48C GPU@54.5C Tdiode@53.25C PMIC@100C AUX@46C CPU@49C thermal@49.45C Tboard@47C GPU 18401/18525 CPU 2301/2330 SOC 4602/4602 CV 0/0 VDDRQ 2914/2911 SYS5V 4632/4620",
  xavierNoRoot:
    "RAM 1903/15692MB (lfb 3251x4MB) CPU [1%@1190,1%@1190,2%@1190,0%@1190,0%@1190,0%@1190,0%@1190,0%@1190] EMC_FREQ 0% GR3D_FREQ 7% AO@32.5C GPU@32C Tboard@32C Tdiode@34.75C AUX@31.5C CPU@33.5C thermal@32.9C PMIC@100C GPU 0/0 CPU 216/216 SOC 864/864 CV 0/0 VDDRQ 144/144 SYS5V 1889/1889",
  orinR35:
    "01-03-2023 16:07:54 RAM 6334/15388MB (lfb 1770x4MB) SWAP 0/7694MB (cached 0MB) CPU [6%@729,off] EMC_FREQ 0%@2133 GR3D_FREQ 0%@611 VIC_FREQ 729 APE 174 CV0@-256C CPU@47.937C GPU@45.875C tj@48.875C VDD_IN 5299mW/5299mW VDD_CPU_GPU_CV 773mW/773mW VDD_SOC 1424mW/1424mW NC 0mW/0mW",
} as const;

describe("tegrastats", () => {
  it("reads a TX2 with two CPUs off", () => {
    const stats = parseTegrastats(LINES.tx2R28);
    expect(stats?.cpuPercents).toEqual([65, null, null, 28, 21, 16]);
    expect(stats?.cpuPercent).toBe(32.5);
    expect(stats?.memoryUsedBytes).toBe(1633 * 2 ** 20);
    expect(stats?.powerMilliwatts).toEqual({
      VDD_IN: 2915,
      VDD_CPU: 383,
      VDD_GPU: 153,
      VDD_SOC: 613,
      VDD_WIFI: 19,
      VDD_DDR: 595,
    });
  });

  it("reads the other rail names of a TX2 and no power from RAM and SWAP", () => {
    expect(Object.keys(parseTegrastats(LINES.tx2R32)?.powerMilliwatts ?? {})).toEqual([
      ...["VDD_SYS_GPU", "VDD_SYS_SOC", "VDD_4V0_WIFI", "VDD_IN", "VDD_SYS_CPU", "VDD_SYS_DDR"],
    ]);
  });

  it("tells the GPU's temperature from the GPU's power", () => {
    const stats = parseTegrastats(LINES.xavierBusy);
    expect(stats?.gpuPercent).toBe(95);
    expect(stats?.temperaturesCelsius["GPU"]).toBe(54.5);
    expect(stats?.powerMilliwatts["GPU"]).toBe(18401);
    expect(stats?.temperaturesCelsius).not.toHaveProperty("PMIC");
  });

  it("reads a line printed without root", () => {
    expect(parseTegrastats(LINES.xavierNoRoot)).toMatchObject({
      gpuPercent: 7,
      emcPercent: 0,
      cpuPercent: 0.5,
    });
  });

  it("reads milliwatts with their unit, a date in front, and leaves out what is powered off", () => {
    const stats = parseTegrastats(LINES.orinR35);
    expect(stats?.powerMilliwatts).toEqual({ VDD_IN: 5299, VDD_CPU_GPU_CV: 773, VDD_SOC: 1424 });
    expect(stats?.temperaturesCelsius).toEqual({ CPU: 47.937, GPU: 45.875, tj: 48.875 });
  });

  it("takes no other text for a line", () => {
    expect(parseTegrastats("Usage: tegrastats [--interval]")).toBeNull();
    expect(parseTegrastats("")).toBeNull();
  });
});
