import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jetpackRelease } from "../../fleet/boards/catalog/index.ts";
import {
  identify,
  identifyModule,
  jetpackOfL4t,
  judgePackages,
  parseClock,
  parseGpuLoad,
  parseGpuMemory,
  parseNvpmodelConf,
  parseNvpmodelQuery,
  parseNvpmodelStatus,
  parsePackages,
  parsePowerModeFile,
  parseRails,
  parseRuntimeStatus,
  parseTegraRelease,
  parseTegrastats,
  zoneCelsius,
} from "../../fleet/boards/index.ts";

const RELEASE = jetpackRelease("4.6.1");

/** Every parser of what a unit prints, and a text of it that is whole. */
const PARSERS: readonly [name: string, parse: (text: string) => unknown, whole: string][] = [
  [
    "nv_tegra_release",
    (text) => parseTegraRelease(text),
    "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022\n",
  ],
  ["L4T version", (text) => jetpackOfL4t(text), "32.7.1"],
  [
    "identity",
    (text) => identify({ compatible: text, model: text, tegraRelease: text }),
    "nvidia,quill\0nvidia,p2597-0000+p3310-1000\0nvidia,tegra186\0",
  ],
  [
    "module",
    (text) =>
      identifyModule({
        eeprom: text,
        boardIds: text,
        dtsFilename: text,
        compatible: text,
        model: text,
        memTotalKib: null,
      }),
    "699-13636-0001-300 H.0\0",
  ],
  [
    "dpkg",
    (text) => (RELEASE ? judgePackages(parsePackages(text), RELEASE) : null),
    "ii  libnvinfer8  8.2.1-1+cuda10.2  arm64  TensorRT runtime libraries\nlibcudnn8 8.2.1.32-1+cuda10.2 ii\n",
  ],
  [
    "nvpmodel.conf",
    (text) => parsePowerModeFile(text),
    "< POWER_MODEL ID=2 NAME=MODE_15W >\nGPU MAX_FREQ 670000000\n",
  ],
  [
    "nvpmodel.conf, names",
    (text) => parseNvpmodelConf(text),
    "< POWER_MODEL ID=2 NAME=X >\n< PM_CONFIG DEFAULT=2 >",
  ],
  [
    "nvpmodel -q",
    (text) => parseNvpmodelQuery(text),
    "NVPM WARN: fan mode is not set!\nNV Power Mode: MAXN\n0\n",
  ],
  ["nvpmodel status", (text) => parseNvpmodelStatus(text), "pmode:0002 fmode:quiet"],
  [
    "tegrastats",
    (text) => parseTegrastats(text),
    "RAM 534/3964MB (lfb 98x4MB) IRAM 0/252kB(lfb 252kB) CPU [16%@204,off] EMC_FREQ 0%@204 APE 25 PLL@34C POM_5V_IN 1022/1022",
  ],
  ["GPU load", (text) => parseGpuLoad(text), "953\n"],
  ["GPU memory", (text) => parseGpuMemory(text), "MemTotal: 1 kB\nNvMapMemUsed:  5 kB\n"],
  [
    "rails",
    (text) => parseRails({ in1_label: text, in1_input: text, curr1_input: text }),
    "VDD_IN\n",
  ],
  ["clock", (text) => parseClock(text, "hertz"), "1377000000\n"],
  ["runtime status", (text) => parseRuntimeStatus(text), "suspended\n"],
  ["thermal zone", (text) => zoneCelsius(text, text), "54500\n"],
];

const LONGEST_MS = 2000;
const MEGABYTE = 2 ** 20;

describe.each(PARSERS)("the parser of %s", (_name, parse, whole) => {
  it("never throws on any text, with bytes of no text among it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(() => parse(text)).not.toThrow();
      }),
    );
  });

  it("never throws on a text that is cut off or damaged in one place", () => {
    for (let at = 0; at < whole.length; at++) expect(() => parse(whole.slice(0, at))).not.toThrow();
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.string({ unit: "binary", maxLength: 3 }),
        (at, damage) => {
          expect(() => parse(whole.slice(0, at) + damage + whole.slice(at + 1))).not.toThrow();
        },
      ),
    );
  });

  it("reads a megabyte of one line, and of its own text again and again, in a moment", () => {
    const start = performance.now();
    const line = whole.replaceAll("\n", " ");
    for (const text of [line, whole, "9", " ", "<", "\0"])
      parse(text.repeat(Math.ceil(MEGABYTE / text.length)));
    expect(performance.now() - start).toBeLessThan(LONGEST_MS);
  });
});
