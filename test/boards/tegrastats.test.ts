import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTegrastats, parseTegrastatsLine, wholeBoardPower } from "../../fleet/boards/index.ts";
import { CAPTURED_LINES } from "./fixtures/tegrastats-lines.ts";

function captured(board: string, quirk: RegExp): string {
  const line = CAPTURED_LINES.find((one) => one.board === board && quirk.test(one.quirk));
  if (!line) throw new Error(`no line of ${board} with ${quirk}`);
  return line.text;
}

describe("a line of tegrastats", () => {
  for (const { board, l4t, quirk, text, label } of CAPTURED_LINES) {
    const title = `${board} ${l4t}${label ? ` (${label})` : ""}: ${quirk}`;
    it(`leaves no word over: ${title}`, () => {
      const line = parseTegrastatsLine(text.replaceAll(" ... ", " "));
      expect(line.unknown).toEqual([]);
      expect(line.memory?.totalBytes).toBeGreaterThan(0);
    });
  }

  it("has every CPU of its board in each whole line of a unit", () => {
    const cpus: Record<string, number> = {
      ...{ TX2: 6, "TX2 4GB": 6, "AGX Xavier": 8, "Xavier NX": 6, Nano: 4, TX1: 4 },
      ...{ "Orin NX": 8, "AGX Orin": 12, "AGX Thor": 14 },
    };
    const whole = CAPTURED_LINES.filter(({ label }) => label === undefined || label === "emulated");
    expect(whole.length).toBeGreaterThanOrEqual(16);
    for (const { board, text, quirk } of whole)
      expect([quirk, parseTegrastatsLine(text).cpus.length]).toEqual([quirk, cpus[board]]);
  });

  it("has an engine off whose clock is 0, and on whose clock runs", () => {
    const idle = parseTegrastatsLine(captured("AGX Thor", /clock of 0/)).engines;
    expect(idle["NVENC0"]).toEqual({ on: false, percent: null, mhz: [0] });
    const clocked = parseTegrastatsLine(captured("AGX Thor", /engines clocked/)).engines;
    expect(clocked["NVENC0"]).toEqual({ on: true, percent: null, mhz: [314] });
  });

  it("keeps a negative power, which a calibrated sensor shows near zero", () => {
    const line = parseTegrastatsLine("RAM 1/2MB VDD_GPU -392mW/-196mW VIN 19780mW/19780mW");
    expect(line.powerMilliwatts).toEqual({ VDD_GPU: [-392, -196], VIN: [19780, 19780] });
  });

  it("reads a megabyte of one line, of one word, or of bytes, in a moment", () => {
    const start = performance.now();
    const inputs = [
      "RAM 1/2MB ".repeat(1e5),
      "x".repeat(1e6),
      "\0\xff@[%/".repeat(1.5e5),
      `CPU [${"9%@1,".repeat(2e5)}]`,
    ];
    for (const text of inputs) expect(parseTegrastatsLine(text)).toHaveProperty("unknown");
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("reads every captured line cut off at any place", () => {
    for (const { text } of CAPTURED_LINES) {
      const whole = parseTegrastatsLine(text).memory?.totalBytes ?? 0;
      for (let length = 0; length < text.length; length++)
        expect(
          parseTegrastatsLine(text.slice(0, length)).memory?.totalBytes ?? 0,
        ).toBeLessThanOrEqual(whole);
    }
  });

  it("tells the temperature GPU@ from the rail GPU and the list CPU [ on AGX Xavier", () => {
    const line = parseTegrastatsLine(captured("AGX Xavier", /loaded/));
    expect(line.temperatures["GPU"]).toBe(54.5);
    expect(line.powerMilliwatts["GPU"]).toEqual([18401, 18525]);
    expect(line.powerMilliwatts["CPU"]).toEqual([2301, 2330]);
    expect(line.cpus[7]).toEqual({ percent: 15, mhz: [1574] });
    expect(line.emc).toEqual({ percent: 55, mhz: [2133] });
    expect(line.mts).toEqual({ foregroundPercent: 0, backgroundPercent: 10 });
  });

  it("gives engines one name over the generations, and says whether they are on", () => {
    expect(parseTegrastatsLine(captured("TX2", /encoder/)).engines).toMatchObject({
      NVENC: { on: true, percent: null, mhz: [115] },
      NVDEC: { on: true, percent: null, mhz: [268] },
    });
    const orin = parseTegrastatsLine(captured("AGX Orin", /encoder with load/)).engines;
    expect(orin["NVENC"]).toEqual({ on: true, percent: 79, mhz: [166] });
    expect(orin["NVDLA0"]).toEqual({ on: false, percent: null, mhz: [] });
    const busy = parseTegrastatsLine(captured("AGX Orin", /DLA busy/));
    expect(busy.engines["NVDLA0"]).toEqual({ on: true, percent: null, mhz: [1600] });
    expect(busy.gpu).toEqual({ percent: 14, mhz: [407, 407] });
  });

  it("reads the oldest format, where all CPUs share one clock", () => {
    const line = parseTegrastatsLine(captured("TX1", /oldest/));
    expect(line.cpus).toEqual([39, 40, 41, 20].map((percent) => ({ percent, mhz: [1734] })));
    expect(line.gpu).toEqual({ percent: 80, mhz: [153] });
  });

  it("keeps three power values and leaves out rails without a name", () => {
    const r39 = parseTegrastatsLine(captured("AGX Orin", /three powers/));
    expect(r39.powerMilliwatts["VDD_GPU_SOC"]).toEqual([5139, 5139, 5139]);
    expect(r39.date).toBe("07-25-2026 09:08:28");
    expect(parseTegrastatsLine(captured("AGX Orin", /-256/)).powerMilliwatts).not.toHaveProperty(
      "NC",
    );
  });

  it("shows a block that is off as no temperature", () => {
    expect(parseTegrastatsLine(captured("AGX Orin", /-256/)).temperatures["CV0"]).toBeNull();
  });

  it("keeps words of a future release as unknown and reads on", () => {
    const text = captured("TX1", /oldest/).replace("APE 25", "XPU<7> ??? APE 25");
    const line = parseTegrastatsLine(text);
    expect(line.unknown).toEqual(["XPU<7>", "???"]);
    expect(line.gpu?.percent).toBe(80);
  });

  it("never throws and never loses its place on any text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const line = parseTegrastatsLine(text);
        expect(line.unknown.join("").length).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it("gives the agent the same figures, without PMIC's constant", () => {
    const stats = parseTegrastats(captured("TX2", /VDD_SYS/));
    expect(stats?.cpuPercents).toEqual([1, null, null, 1, 0, 2]);
    expect(stats?.cpuPercent).toBe(1);
    expect(stats?.powerMilliwatts["VDD_IN"]).toBe(3056);
    expect(stats?.temperaturesCelsius).not.toHaveProperty("PMIC");
    expect(parseTegrastats("bash: tegrastats: command not found")).toBeNull();
  });

  it("sums the six rails of AGX Xavier, which has no rail for the whole", () => {
    const rails = parseTegrastats(captured("AGX Xavier", /loaded/))?.powerMilliwatts ?? {};
    const whole = wholeBoardPower(rails);
    expect(whole.milliwatts).toBe(18401 + 2301 + 4602 + 0 + 2914 + 4632);
    expect(whole.note).toContain("six rails");
    expect(wholeBoardPower({ VDD_IN: 3056, VDD_SYS_GPU: 152 }).milliwatts).toBe(3056);
    expect(wholeBoardPower({ FOO: 1 }).milliwatts).toBeNull();
  });
});
