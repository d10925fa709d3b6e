import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requireBoard } from "../../../fleet/provision/plan.ts";
import { parseProbe, SCRIPT } from "../../../fleet/provision/probe.ts";
import { H100_INFORMATION } from "../../boards/fixtures/pc-cards.ts";

/** What the script prints on a board: absent where it finds nothing. */
type Answers = Record<string, string>;

function probed(answers: Answers) {
  const lines = Object.entries(answers).map(
    ([name, text]) => `${name} ${Buffer.from(text, "latin1").toString("base64")}`,
  );
  return parseProbe(lines.join("\n"));
}

const L4T35 =
  "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023";
const L4T32 =
  "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022";
const XAVIER = {
  compatible: "nvidia,galen\0nvidia,jetson-xavier\0nvidia,p2822-0000+p2888-0001\0nvidia,tegra194\0",
  model: "Jetson-AGX\0",
  dtsFilename: "tegra194-p2888-0001-p2822-0000.dts\0",
  tegraRelease: L4T35,
};
const TX2 = {
  compatible: "nvidia,quill\0nvidia,p2597-0000+p3310-1000\0nvidia,tegra186\0",
  model: "quill\0",
  dtsFilename: "tegra186-quill-p3310-1000-c03-00-base.dts\0",
  tegraRelease: L4T32,
};
const TX2_4GB = {
  compatible: "nvidia,p2597-0000+p3489-0888\0nvidia,tegra186\0",
  model: "quill\0",
  dtsFilename: "tegra186-quill-p3489-0888-a00-00-base.dts\0",
};
const TX2_NX = {
  compatible: "nvidia,p3509-0000+p3636-0001\0nvidia,tegra186\0",
  model: "lanai-3636\0",
};
const XAVIER_NX = {
  compatible: "nvidia,p3509-0000+p3668-0001\0nvidia,tegra194\0",
  model: "NVIDIA Jetson Xavier NX Developer Kit\0",
};
const memory = (mib: number) => `MemTotal:       ${mib * 1024} kB\n`;
// The EEPROM's 29 bytes from offset 20: number, revision, and filling.
const eeprom = (board: string, sku: string) =>
  `699-1${board}-${sku}-400 J.0\0\0\xff\xff\xff\xff\xff\xff`;

describe("a PC", () => {
  const named = (name: string) => H100_INFORMATION.replace("NVIDIA H100 80GB HBM3", name);

  test.each<[string, string, string | null, RegExp]>([
    ["of a card that the catalogue has", named("Tesla T4"), "x86-t4", /^$/],
    ["of its successor", named("NVIDIA L4"), "x86-l4", /^$/],
    [
      "of one that it has not",
      H100_INFORMATION,
      null,
      /no NVIDIA H100 .* as for x86-64 with a Tesla T4/,
    ],
    ["of one with a like name", named("NVIDIA L40S"), null, /plans know no NVIDIA L40S/],
    ["of two", named("Tesla T4") + H100_INFORMATION, "x86-t4", /of 2 cards the first, Tesla T4/],
  ])("%s is told by the driver of its card", (_what, cards, module, doubts) => {
    const probe = probed({ cards, machine: "x86_64" });
    expect([probe.board, probe.module, probe.l4t]).toEqual(["x86", module, null]);
    expect(probe.moduleDoubts.join("; ")).toMatch(doubts);
    requireBoard(probe, "x86", "10.0.0.9");
  });

  test("without a card, or with a driver that tells none, is no board", () => {
    for (const cards of ["", "Model: \t\t\n", "\0".repeat(1e5), "Model without end ".repeat(1e4)]) {
      const probe = probed({ cards, machine: "x86_64" });
      expect([probe.board, probe.module]).toEqual(["unknown", null]);
      expect(() => requireBoard(probe, undefined, "10.0.0.9")).toThrow(/knows at 10\.0\.0\.9/);
    }
    // A card in a board's slot makes no PC of it.
    expect(probed({ ...XAVIER, cards: H100_INFORMATION }).board).toBe("agx-xavier");
  });
});

describe("the module of a board", () => {
  test.each<[string, Answers, string, string | null, RegExp | null]>([
    ["is TX2", TX2, "tx2", "tx2", null],
    ["is TX2 4GB, of TX2's family", TX2_4GB, "tx2", "tx2-4gb", null],
    ["is TX2 NX, of TX2's family", TX2_NX, "tx2", "tx2-nx", null],
    [
      "is TX2i, of TX2's family",
      { compatible: "nvidia,storm\0nvidia,p2597-0000+p3489-0000\0nvidia,tegra186\0" },
      "tx2",
      "tx2i",
      null,
    ],
    [
      "is told by the EEPROM against the device tree that Xaviers share",
      { ...XAVIER, eeprom0: eeprom("2888", "0001"), memory: memory(31_000) },
      "agx-xavier",
      "agx-xavier-16gb",
      null,
    ],
    [
      "is told by the module's EEPROM where the carrier has one, too",
      { ...XAVIER, eeprom0: eeprom("2822", "0000"), eeprom7: eeprom("2888", "0005") },
      "agx-xavier",
      "agx-xavier-64gb",
      null,
    ],
    [
      "is told by the boot loader where the EEPROM is unreadable",
      { ...XAVIER, eeprom0: "", boardIds: "2888:0004:H00\0", memory: memory(16_000) },
      "agx-xavier",
      "agx-xavier",
      null,
    ],
    [
      "is told by memory where nothing else tells: 16 GB",
      { ...XAVIER, eeprom0: "\xff".repeat(29), memory: memory(15_700) },
      "agx-xavier",
      "agx-xavier-16gb",
      /told from 15\.3 GiB of memory/,
    ],
    [
      "is told by memory where nothing else tells: 32 GB",
      { ...XAVIER, memory: memory(31_927) },
      "agx-xavier",
      "agx-xavier",
      /told from 31\.2 GiB of memory/,
    ],
    [
      "is open where only the family is certain",
      XAVIER,
      "agx-xavier",
      null,
      /share one device tree; neither EEPROM nor memory was readable/,
    ],
    [
      "is open where EEPROM and device tree disagree",
      { ...TX2, eeprom1: eeprom("2888", "0004") },
      "tx2",
      null,
      /eeprom says Jetson AGX Xavier 32GB, which is no module of tx2/,
    ],
    ["is Xavier NX, of AGX Xavier's chip", XAVIER_NX, "xavier-nx", "xavier-nx", null],
    ["is open where nothing is known", {}, "unknown", null, null],
  ])("%s", (_what, answers, board, module, doubt) => {
    const probe = probed(answers);
    expect([probe.board, probe.module]).toEqual([board, module]);
    const doubts = probe.moduleDoubts.join("; ");
    if (doubt) expect(doubts).toMatch(doubt);
    else expect(doubts).toBe("");
  });

  test("is named in full", () => {
    expect(probed(XAVIER_NX).moduleTitle).toBe("Jetson Xavier NX 8GB");
    expect(probed(TX2_NX).moduleTitle).toBe("Jetson TX2 NX");
  });
});

describe("TensorRT on a board", () => {
  const whole = [
    "libnvinfer8 8.2.1-1+cuda10.2 ii ",
    "libnvinfer-plugin8 8.2.1-1+cuda10.2 ii ",
    "libnvonnxparsers8 8.2.1-1+cuda10.2 ii ",
    "libcudnn8 8.2.1.32-1+cuda10.2 ii ",
  ];
  const packages = (...lines: string[]) => ({ ...TX2, packages: lines.join("\n") });

  test.each<[string, Answers, string | null, string[] | null]>([
    ["is as JetPack has it", packages(...whole), "8.2.1", []],
    [
      "is not installed",
      packages(),
      null,
      [
        "not all of JetPack 4.6.1 is installed: TensorRT 8.2.1, TensorRT plugins 8.2.1, TensorRT ONNX parser 8.2.1, cuDNN 8.2.1.32",
      ],
    ],
    [
      "was removed",
      packages("libnvinfer8 8.2.1-1+cuda10.2 rc ", ...whole.slice(1)),
      null,
      ["not all of JetPack 4.6.1 is installed: TensorRT 8.2.1"],
    ],
    [
      "is of another release",
      packages("libnvinfer8 8.0.1-1+cuda10.2 ii ", ...whole.slice(1, 3)),
      "8.0.1",
      [
        "not all of JetPack 4.6.1 is installed: cuDNN 8.2.1.32",
        "not all is of JetPack 4.6.1: TensorRT 8.0.1 in place of 8.2.1",
      ],
    ],
    [
      "is there twice, once as JetPack has it",
      packages("libnvinfer7 7.1.3-1+cuda10.2 ii ", ...whole),
      "8.2.1",
      [],
    ],
    ["cannot be told without dpkg", TX2, null, null],
    [
      "is told of a JetPack that the tables do not hold, and not judged",
      { ...packages(...whole), tegraRelease: "# R99 (release), REVISION: 1.0, GCID: 1, BOARD: x" },
      "8.2.1",
      null,
    ],
  ])("%s", (_what, answers, tensorrt, libraryFaults) => {
    expect(probed(answers)).toMatchObject({ tensorrt, libraryFaults });
  });
});

describe("the probe's script", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-probe-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  function put(path: string, bytes: string): void {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes, "latin1");
  }

  /** The script on this machine, with the kernel's files in a folder and no tools of a board. */
  function runProbe() {
    const script = SCRIPT.replaceAll(/\/(sys|proc)\//g, `${dir}/$1/`);
    const input = `set -eu\n${script}\n`;
    return parseProbe(execFileSync("sh", ["-s"], { input, encoding: "utf8" }));
  }

  test("reads the EEPROM's part number, and the tree's strings, through the kernel", () => {
    put("sys/bus/i2c/devices/0-0050/eeprom", `${"\x01".repeat(20)}${eeprom("2888", "0001")}rest`);
    put("proc/device-tree/compatible", XAVIER.compatible);
    put("proc/meminfo", `${memory(31_927)}MemFree: 1 kB\n`);
    expect(runProbe()).toMatchObject({ module: "agx-xavier-16gb", moduleDoubts: [] });
  });

  test("goes on where an EEPROM does not answer", () => {
    // A folder fails to be read for root, too.
    mkdirSync(join(dir, "sys/bus/i2c/devices/0-0050/eeprom"), { recursive: true });
    put("proc/device-tree/nvidia,boardids", "2888:0005:H00\0");
    put("proc/device-tree/compatible", XAVIER.compatible);
    expect(runProbe()).toMatchObject({ module: "agx-xavier-64gb", moduleDoubts: [] });
  });
});
