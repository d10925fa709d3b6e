import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BenchReport } from "../../fleet/bench/index.ts";

const ROOT = join(import.meta.dirname, "../..");
const STREET = join(ROOT, "models/street-v2-b1.onnx");
const QUICK = ["--duration", "40", "--warm-up", "10"];

const folder = mkdtempSync(join(tmpdir(), "jetfleet-cli-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: string[]) {
  const child = spawnSync(process.execPath, [join(ROOT, "cli/main.ts"), "bench", ...args], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, TMPDIR: folder },
  });
  return { status: child.status, out: child.stdout, err: child.stderr };
}

describe("jetfleet bench", () => {
  test("measures a model on the CPU, with its layers, in JSON", () => {
    const { status, out, err } = bench(STREET, "--layers", "--json", ...QUICK);
    expect([status, err]).toEqual([0, ""]);
    const report = BenchReport.parse(JSON.parse(out));
    expect(report).toMatchObject({ accelerator: "cpu", batch: 1, threads: 1, inFlight: 1 });
    expect(report.backend.name).toBe("onnxruntime");
    expect(report.latencyRuns).toBeGreaterThanOrEqual(10);
    const { latencyMs, throughput, layers } = report;
    expect(latencyMs.min).toBeGreaterThan(0);
    expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.median);
    // One at a time, both say the same; a shared machine leaves room.
    const ratio = (throughput.runsPerSecond * latencyMs.mean) / 1000;
    expect(ratio).toBeGreaterThan(0.2);
    expect(ratio).toBeLessThan(5);
    expect(layers?.some(({ type, ms }) => /Conv/.test(type ?? "") && (ms ?? 0) > 0)).toBe(true);
    const shares = layers?.reduce((sum, { share }) => sum + (share ?? 0), 0);
    expect(shares).toBeCloseTo(1, 6);
    expect(report.clocks.powerMode, "no nvpmodel here: unknown, not guessed").toBeNull();
    expect(readdirSync(folder), "nothing is left").toEqual([]);
  });

  test("says in words what it measured and what it does not know", () => {
    const { status, out } = bench(STREET, ...QUICK);
    expect(status).toBe(0);
    expect(out).toMatch(/latency {5}median [\d.]+ ms, mean/);
    expect(out).toMatch(/p90 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms of \d+ runs/);
    expect(out).toMatch(/throughput {2}[\d.]+ runs a second/);
    expect(out).toMatch(/power mode {2}unknown/);
  });

  test.each<[string, string[], RegExp]>([
    [
      "a model that is not there",
      ["/nonexistent.onnx"],
      /^MODEL_INVALID: Cannot read \/nonexistent/,
    ],
    [
      "a batch that the model does not take",
      [STREET, "--batch", "3"],
      /MODEL_INVALID: .*batch of 3/,
    ],
    ["an accelerator that nobody has", [STREET, "--accelerator", "tpu"], /USAGE: --accelerator/],
    [
      "a DLA on this machine",
      [STREET, "--accelerator", "dla0"],
      /NATIVE_LOAD: .*dla0[\s\S]*next: .*libnvinfer/,
    ],
    ["a precision on the CPU", [STREET, "--precision", "int8"], /USAGE: .*int8/],
    ["a batch of nothing", [STREET, "--batch", "0"], /USAGE: --batch/],
    ["words for a duration", [STREET, "--duration", "long"], /USAGE: --duration/],
  ])("refuses %s", (_what, args, why) => {
    const { status, out, err } = bench(...args);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(why);
  });

  test("refuses a file that is no model, with its name", () => {
    const path = join(folder, "text.onnx");
    writeFileSync(path, "no model");
    const { status, err } = bench(path, ...QUICK);
    rmSync(path);
    expect(status).toBe(2);
    expect(err).toMatch(/^MODEL_INVALID: .*text\.onnx/);
  });

  test("ends on Ctrl-C within a second, and leaves no process", async () => {
    const args = [join(ROOT, "cli/main.ts"), "bench", STREET, "--duration", "60000"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    await new Promise((resolve) => setTimeout(resolve, 1500)); // into the measuring, or the loading before it
    const start = performance.now();
    child.kill("SIGINT");
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect(status).toBe(2);
    expect(err).toMatch(/^CANCELLED/);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
