import { describe, expect, it } from "vitest";
import { type JetpackRelease, jetpackRelease } from "../../fleet/boards/catalog/index.ts";
import {
  clockRuns,
  identifyModule,
  jetpackOfL4t,
  judgePackages,
  type ModuleEvidence,
  needsSocSpecificPackages,
  parseClock,
  parseGpuLoad,
  parseGpuMemory,
  parsePackages,
  parsePowerModeFile,
  parseRails,
  parseRuntimeStatus,
  parseTegraRelease,
  poweredPercent,
  railMilliwatts,
  zoneCelsius,
} from "../../fleet/boards/index.ts";

const NOTHING: ModuleEvidence = {
  eeprom: null,
  boardIds: null,
  dtsFilename: null,
  compatible: null,
  model: null,
  memTotalKib: null,
};
const XAVIER_DTS = "tegra194-p2888-0001-p2822-0000";

describe("the identity of a module", () => {
  it.each<[string, Partial<ModuleEvidence>, string | null]>([
    ["an EEPROM board id", { eeprom: "699-13636-0001-300 H.0" }, "p3636-0001"],
    [
      "TX2's device tree name",
      { dtsFilename: "/dvs/tegra186-quill-p3310-1000-c03-00-base.dts" },
      "p3310-1000",
    ],
    [
      "TX2 4GB's device tree name",
      { dtsFilename: "tegra186-quill-p3489-0888-a00-00-base" },
      "p3489-0888",
    ],
    [
      "TX2i's device tree name",
      { dtsFilename: "tegra186-quill-p3489-1000-a00-00-ucm1" },
      "p3489-1000",
    ],
    [
      "TX2 NX's, module before carrier",
      { dtsFilename: "tegra186-p3636-0001-p3509-0000-a01" },
      "p3636-0001",
    ],
    ["Xavier NX's family name", { dtsFilename: "tegra194-p3668-all-p3509-0000" }, "p3668-????"],
    [
      "carrier before module",
      { compatible: "nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0" },
      "p3701-0005",
    ],
    [
      "TX2's first entry",
      { compatible: "nvidia,quill\0nvidia,p2597-0000+p3310-1000\0nvidia,tegra186\0" },
      "p3310-1000",
    ],
    ["a mainline kernel", { compatible: "nvidia,p2771-0000\0nvidia,tegra186\0" }, "p3310-1000"],
    [
      "Industrial before plain Xavier",
      { compatible: "nvidia,galen-industrial\0nvidia,jetson-xavier-industrial\0nvidia,tegra194\0" },
      "p2888-0008",
    ],
    [
      "TX1's device tree name, where the carrier has the module's number",
      { dtsFilename: "tegra210-jetson-tx1-p2597-2180-a01-devkit" },
      "p2180-1000",
    ],
    [
      "the boot loader's board ids",
      { boardIds: "2888:0004:400:M.0\0", dtsFilename: XAVIER_DTS },
      "p2888-0004",
    ],
    [
      "a family in one file and the module in the next",
      {
        dtsFilename: "tegra194-p3668-all-p3509-0000",
        compatible: "nvidia,p3449-0000+p3668-0003\0nvidia,tegra194\0",
      },
      "p3668-0003",
    ],
    [
      "an EEPROM of a carrier, which is none of the module",
      { eeprom: "699-82822-0000-400 B.0", dtsFilename: "tegra186-p3636-0001-p3509-0000-a01" },
      "p3636-0001",
    ],
    [
      "text that names a property of every object",
      { compatible: "constructor\0", model: "__proto__" },
      null,
    ],
    ["a model string alone", { model: "lanai-3636\0" }, "p3636-0001"],
    ["nothing at all", {}, null],
    ["a board nobody knows", { compatible: "acme,box\0nvidia,tegra186\0" }, null],
  ])("is read from %s", (_label, evidence, expected) => {
    expect(identifyModule({ ...NOTHING, ...evidence }).partNumber).toBe(expected);
  });

  it("tells AGX Xavier of 16, 32 and 64 GB, which share a device tree, by memory", () => {
    const of = (gib: number): string | null =>
      identifyModule({ ...NOTHING, dtsFilename: XAVIER_DTS, memTotalKib: gib * 2 ** 20 })
        .partNumber;
    expect([of(7.6), of(15.4), of(31.2), of(62.5)]).toEqual([
      "p2888-0006",
      "p2888-0001",
      "p2888-0004",
      "p2888-0005",
    ]);
  });

  it("tells Xavier NX of 16 GB and Nano of 2 GB by memory, too, and leaves SD card or eMMC open", () => {
    const of = (dtsFilename: string, gib: number): string | null =>
      identifyModule({ ...NOTHING, dtsFilename, memTotalKib: gib * 2 ** 20 }).partNumber;
    expect(of("tegra194-p3668-all-p3509-0000", 15.2)).toBe("p3668-0003");
    expect(of("tegra194-p3668-all-p3509-0000", 7.6)).toBe("p3668-????");
    const nano = { ...NOTHING, compatible: "nvidia,jetson-nano\0" };
    expect(identifyModule({ ...nano, memTotalKib: 1.9 * 2 ** 20 }).partNumber).toBe("p3448-0003");
    expect(identifyModule({ ...nano, memTotalKib: 3.9 * 2 ** 20 }).partNumber).toBe("p3448-????");
  });

  it("doubts an EEPROM that the device tree contradicts, and names one that it does not know", () => {
    const evidence = { ...NOTHING, eeprom: "699-13636-0001-300 H.0" };
    expect(identifyModule({ ...evidence, compatible: "nvidia,tegra194\0" }).doubts).toEqual([
      "eeprom says p3636-0001, but the device tree is of t194",
    ]);
    expect(identifyModule({ ...NOTHING, eeprom: "699-19999-0001-300 A.0" })).toMatchObject({
      partNumber: null,
      doubts: ['the EEPROM says "699-19999-0001-300 A.0", which is no known module'],
    });
  });

  it("says so when neither EEPROM nor memory settles which AGX Xavier it is", () => {
    const identity = identifyModule({ ...NOTHING, dtsFilename: XAVIER_DTS });
    expect(identity.partNumber).toBe("p2888-????");
    expect(identity.doubts).toHaveLength(1);
  });

  it("trusts the EEPROM over memory and device tree", () => {
    const identity = identifyModule({
      ...NOTHING,
      eeprom: "699-82888-0004-400 M.0",
      dtsFilename: XAVIER_DTS,
      memTotalKib: 15 * 2 ** 20,
    });
    expect(identity).toMatchObject({ partNumber: "p2888-0004", from: "eeprom", doubts: [] });
  });

  it("knows the chip of a board it does not know", () => {
    const identity = identifyModule({ ...NOTHING, compatible: "acme,box\0nvidia,tegra186\0" });
    expect(identity.soc).toBe("t186");
  });
});

describe("/etc/nv_tegra_release", () => {
  it.each([
    [
      "# R28 (release), REVISION: 2.1, GCID: 11272647, BOARD: t186ref, EABI: aarch64, DATE: Thu May 17 07:29:06 UTC 2018",
      "28.2.1",
    ],
    [
      "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022",
      "32.7.1",
    ],
    [
      "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64, DATE: Fri Aug 22 00:55:42 UTC 2025",
      "38.2.0",
    ],
    [
      "# R39 (release), REVISION: 2.0, GCID: 45755727, BOARD: generic, EABI: aarch64, DATE: Mon Jun  1 09:28:48 PM UTC 2026",
      "39.2.0",
    ],
  ])("%s", (line, l4t) => {
    expect(parseTegraRelease(`${line}\n# KERNEL_VARIANT: oot\n`)?.l4t).toBe(l4t);
  });

  it.each([
    ["nothing", ""],
    ["a hash line first", "# KERNEL_VARIANT: oot\n# R35 (release), REVISION: 4.1"],
    ["dots for a version", "# R35 (release), REVISION: ..., GCID: 1"],
    ["binary", "\0\x7fELF\x02\x01"],
    ["a megabyte", "# R".repeat(3e5)],
    ["digits without end", `# R${"9".repeat(1e6)} (release), REVISION: 1`],
  ])("is none with %s", (_label, text) => {
    expect(parseTegraRelease(text)).toBeNull();
  });

  it("has no JetPack version for text that names a property of every object", () => {
    expect(jetpackOfL4t("constructor")).toBeNull();
    expect(jetpackOfL4t("__proto__")).toBeNull();
    expect(jetpackOfL4t("35.6.2")).toBe("5.1.5");
  });
});

const CONF = `
# a comment
< PARAM TYPE=FILE NAME=CPU_ONLINE >
CORE_0 /sys/devices/system/cpu/cpu0/online
< PARAM TYPE=CLOCK NAME=GPU >
FREQ_TABLE /sys/devices/17000000.gv11b/devfreq/17000000.gv11b/available_frequencies
< POWER_MODEL ID=2 NAME=MODE_15W >
CPU_ONLINE CORE_0 1
CPU_ONLINE CORE_1 1
CPU_ONLINE CORE_2 0
TPC_POWER_GATING TPC_PG_MASK 0
CPU_DENVER_0 MIN_FREQ 1190400
CPU_DENVER_0 MAX_FREQ 1200000
GPU MIN_FREQ 318750000
GPU MAX_FREQ 675750000
DLA_CORE MAX_FREQ 750000000
EMC MAX_FREQ 1331200000
< POWER_MODEL ID=0 NAME=MAXN >
CPU_ONLINE CORE_0 1
GPU MAX_FREQ -1
< PM_CONFIG DEFAULT=2 >
< FAN_CONFIG DEFAULT=quiet >
`;

describe("/etc/nvpmodel.conf", () => {
  it("yields limits in MHz, online CPUs and the mask of every mode", () => {
    const file = parsePowerModeFile(CONF);
    expect(file.defaultId).toBe(2);
    expect(file.parameters).toEqual(["CPU_ONLINE", "GPU"]);
    expect(file.unknown).toEqual(["< FAN_CONFIG DEFAULT=quiet >"]);
    expect(file.modes[0]).toMatchObject({
      name: "MODE_15W",
      cpusOnline: 2,
      cpuMaxMhz: 1200,
      gpuMaxMhz: 675.75,
      dlaMaxMhz: 750,
      emcMaxMhz: 1331.2,
      tpcPgMask: 0,
    });
  });

  it("counts CPU 0, which files of TX2 leave out because it is always on", () => {
    const text = "< POWER_MODEL ID=1 NAME=MAXQ >\nCPU_ONLINE CORE_1 0\nCPU_ONLINE CORE_3 1\n";
    expect(parsePowerModeFile(text).modes[0]?.cpusOnline).toBe(2);
  });

  it("reads the DLA's clock under the name of JetPack 5", () => {
    const text = "<POWER_MODEL ID=7 NAME=MODE_15W_DESKTOP>\nNAFLL_DLA MAX_FREQ 115200000\n";
    expect(parsePowerModeFile(text).modes[0]?.dlaMaxMhz).toBe(115.2);
  });

  it("reads -1 as the maximum, and what is not said as null", () => {
    expect(parsePowerModeFile(CONF).modes[1]).toMatchObject({ gpuMaxMhz: null, tpcPgMask: null });
  });
});

function release(version: string): JetpackRelease {
  const found = jetpackRelease(version);
  if (!found) throw new Error(`no ${version}`);
  return found;
}

describe("the packages of a unit", () => {
  const DPKG = `ii  libnvinfer8  8.2.1-1+cuda10.2  arm64  TensorRT runtime libraries
ii  libnvinfer-plugin8  8.0.1-1+cuda10.2  arm64  TensorRT plugins
rc  libnvonnxparsers8  8.2.1-1+cuda10.2  arm64  TensorRT ONNX parsers
ii  nvidia-l4t-core  32.7.6-20241104234601  arm64  NVIDIA Core Package
ii  nvidia-l4t-cuda  32.7.6-20241104234601  arm64  NVIDIA CUDA Package
ii  nvidia-l4t-gstreamer  32.5.1-20210219084526  arm64  NVIDIA GST Application files
ii  cuda-cudart-10-2  10.2.300-1  arm64  CUDA Runtime native Libraries
`;
  const QUERY = "libcudnn8 8.2.1.32-1+cuda10.2 ii\nlibnvvpi1:arm64 1.2.3 ii\nlibgone 1.0 rc\n";

  it("are read from dpkg -l and from dpkg-query, without removed ones", () => {
    expect(parsePackages(DPKG).map(({ name }) => name)).toEqual([
      "libnvinfer8",
      "libnvinfer-plugin8",
      "nvidia-l4t-core",
      "nvidia-l4t-cuda",
      "nvidia-l4t-gstreamer",
      "cuda-cudart-10-2",
    ]);
    expect(parsePackages(QUERY).map(({ name }) => name)).toEqual(["libcudnn8", "libnvvpi1"]);
  });

  it("are installed, missing or mismatched against the JetPack release", () => {
    const states = judgePackages(parsePackages(DPKG + QUERY), release("4.6.6"));
    expect(Object.fromEntries(states.map(({ part, state }) => [part, state]))).toEqual({
      L4T: "installed",
      "CUDA driver": "installed",
      "GStreamer plugins": "mismatched",
      multimedia: "missing",
      "CUDA runtime": "installed",
      TensorRT: "installed",
      "TensorRT plugins": "mismatched",
      "TensorRT ONNX parser": "missing",
      cuDNN: "installed",
      VPI: "installed",
    });
  });

  it.each([
    ["5.1", "libnvvpi2 2.2.4", "installed"],
    ["5.1.1", "libnvvpi2 2.2.6", "installed"],
    ["5.1.2", "libnvvpi2 2.3.9", "installed"],
    ["5.1.2", "libnvvpi2 2.2.6", "mismatched"],
  ])(
    "of a row of several versions fit by any of them: %s with %s is %s",
    (jetpack, line, state) => {
      const findings = judgePackages(parsePackages(`${line} ii\n`), release(jetpack));
      expect(findings.find(({ part }) => part === "VPI")?.state).toBe(state);
    },
  );

  it("take the fitting one where an older stands beside it", () => {
    const both = "libnvinfer7 7.1.3-1+cuda10.2 ii\nlibnvinfer8 8.2.1-1+cuda10.2 ii\n";
    const [finding] = judgePackages(parsePackages(both), release("4.6.1")).filter(
      ({ part }) => part === "TensorRT",
    );
    expect(finding).toMatchObject({ state: "installed", package: { name: "libnvinfer8" } });
  });

  it("of L4T are asked for from JetPack 4.3 on: older images were flashed whole", () => {
    const parts = (jetpack: string): string[] =>
      judgePackages([], release(jetpack)).map(({ part }) => part);
    expect(parts("4.2.3")).not.toContain("L4T");
    expect(parts("4.3")).toContain("L4T");
  });

  it("differ between Xavier and TX2 under one name from JetPack 4.2 to 4.5.1", () => {
    expect(
      ["4.2", "4.5.1", "4.6", "5.1.2"].map((v) => needsSocSpecificPackages(release(v))),
    ).toEqual([true, true, false, false]);
  });
});

describe("sysfs", () => {
  it("has the GPU's load in tenths of a percent", () => {
    expect(parseGpuLoad("953\n")).toBe(95.3);
    expect(parseGpuLoad("")).toBeNull();
  });

  it("gives a DLA's state, and its powered time as an upper bound of use", () => {
    expect(parseRuntimeStatus("suspended\n")).toBe("suspended");
    expect(parseRuntimeStatus("error")).toBe("unknown");
    expect(poweredPercent(1000, 1250, 1000)).toBe(25);
    expect(poweredPercent(1000, 900, 1000)).toBeNull();
  });

  it("has no temperature of the PMIC or of a block that is off", () => {
    expect(zoneCelsius("GPU-therm", "54500\n")).toBe(54.5);
    expect(zoneCelsius("PMIC-Die", "100000")).toBeNull();
    expect(zoneCelsius("CV0-therm", null)).toBeNull();
    expect(zoneCelsius("CV0-therm", "-256000")).toBeNull();
  });

  it("has clocks in hertz, those of CPUs in kilohertz", () => {
    expect(parseClock("1377000000\n", "hertz")).toBe(1377);
    expect(parseClock("2265600\n", "kilohertz")).toBe(2265.6);
    expect(parseClock("userspace\n", "hertz")).toBeNull();
  });

  it.each([
    ["1", "0", true],
    ["0", "1100800000", true],
    ["0", "0", false],
    [null, null, false],
  ])("has a codec of enable count %s and rate %s running: %s", (count, rate, runs) => {
    expect(clockRuns(count, rate)).toBe(runs);
  });

  it("has the memory that the GPU holds, on units that say so", () => {
    const meminfo =
      "MemTotal:       32692948 kB\nNvMapMemFree:          0 kB\nNvMapMemUsed:     421148 kB\n";
    expect(parseGpuMemory(meminfo)).toBe(421148 * 1024);
    expect(parseGpuMemory("MemTotal: 1 kB\n")).toBeNull();
  });

  it("has rails by name, in milliwatts up to L4T 32 and in volts and amperes from 34 on", () => {
    const older = {
      rail_name_0: "VDD_SYS_GPU\n",
      in_power0_input: "152\n",
      rail_name_1: "VDD_SYS_SOC\n",
      in_power1_input: "687\n",
      in_voltage1_input: "19064\n",
    };
    expect(parseRails(older)).toEqual({ VDD_SYS_GPU: 152, VDD_SYS_SOC: 687 });
    const newer = {
      in1_label: "NC\n",
      in1_input: "5000\n",
      curr1_input: "10\n",
      in2_label: "VDDQ_VDD2_1V8AO\n",
      in2_input: "5000\n",
      curr2_input: "60\n",
      in3_label: "VDD_CPU_CV\n",
      in3_input: "EAGAIN",
      in7_label: "sum of shunt voltages\n",
      in7_input: "12\n",
    };
    expect(parseRails(newer)).toEqual({ VDDQ_VDD2_1V8AO: 300 });
  });

  it("has volts and amperes per rail from L4T 34 on", () => {
    expect(railMilliwatts(5000, 1060)).toBe(5300);
  });
});
