import { describe, expect, it } from "vitest";
import { benchLines } from "../../cli/render/bench-text.ts";
import type { BenchReport } from "../../fleet/bench/index.ts";

const REPORT: BenchReport = {
  schema: 1,
  board: null,
  model: { path: "/m.onnx", digest: "sha256:0", sizeBytes: 1 },
  backend: { name: "onnxruntime", version: "1.30", path: "/b.so" },
  accelerator: "cpu",
  precision: null,
  batch: 2,
  threads: 1,
  latencyMs: { min: 1, max: 20, mean: 3, median: 2, p90: 4, p95: 5, p99: 6 },
  latencyRuns: 10,
  throughput: { runsPerSecond: 100, picturesPerSecond: 200 },
  throughputRuns: 300,
  inFlight: 1,
  warmUpMs: 200,
  layers: [{ name: "conv\u001b[2J", type: null, place: "cpu", ms: 0.5, share: 0.25 }],
  noLayers: null,
  clocks: {
    powerMode: null,
    fanProfile: null,
    cpuGovernors: null,
    cpuMhz: null,
    gpuMhz: null,
    locked: null,
    load: null,
  },
  at: "2026-11-27T00:00:00.000Z",
};

describe("a measurement in words", () => {
  const text = benchLines(REPORT, 80, "m.onnx").join("\n");

  it("tells latency, percentiles, throughput and layers", () => {
    expect(text).toContain("m.onnx on cpu, the model's own precision, batch 2, 1 thread");
    expect(text).toContain("median 2.000 ms, mean 3.000 ms, min 1.000 ms, max 20.0 ms");
    expect(text).toContain("p90 4.000 ms, p95 5.000 ms, p99 6.000 ms of 10 runs");
    expect(text).toContain("100.0 runs a second, 200.0 pictures a second, 1 in flight, 300 runs");
    expect(text).toMatch(/conv.* unknown +cpu +0\.500 +25\.0 %/);
  });

  it("says that it does not know what the machine does not tell, and obeys no model's name", () => {
    expect(text).toMatch(
      /power mode {2}unknown\nCPU clocks {2}unknown, governor unknown, whether locked unknown/,
    );
    expect(text).toContain("GPU clock   unknown");
    expect(text).not.toContain("\u001b");
  });

  it("names the board that measured", () => {
    const [line] = benchLines({ ...REPORT, board: "10.0.4.17" }, 80, "m.onnx");
    expect(line).toContain("m.onnx on 10.0.4.17, cpu, ");
  });

  it("says why there are no layers", () => {
    const lines = benchLines({ ...REPORT, layers: null, noLayers: "nobody tells" }, 80, "m");
    expect(lines.at(-1)).toBe("layers: nobody tells");
  });
});
