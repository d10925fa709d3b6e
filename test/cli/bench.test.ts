import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

describe("jetfleet bench", { timeout: 60_000 }, () => {
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

  test.each<[string, string[], RegExp]>([
    [
      "a model that is not there",
      ["/nonexistent.onnx"],
      /^MODEL_INVALID: Cannot read \/nonexistent/,
    ],
    ["an accelerator that nobody has", [STREET, "--accelerator", "tpu"], /USAGE: --accelerator/],
    [
      "a DLA on this machine",
      [STREET, "--accelerator", "dla0"],
      /NATIVE_LOAD: .*dla0[\s\S]*next: .*libnvinfer/,
    ],
  ])("refuses %s", (_what, args, why) => {
    const { status, out, err } = bench(...args);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(why);
  });

  test("ends on Ctrl-C within a second, and leaves no process", async () => {
    const args = [join(ROOT, "cli/main.ts"), "bench", STREET, "--duration", "60000"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    await expect
      .poll(() => readFileSync(children, "utf8").trim(), { timeout: 50_000 })
      .not.toBe("");
    const start = performance.now();
    child.kill("SIGINT");
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect(status).toBe(130);
    expect(err).toMatch(/CANCELLED/);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
