import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Plan } from "../../fleet/plan/index.ts";
import { writeModel } from "./support/onnx-writer.ts";

const root = join(import.meta.dirname, "../..");
const MODEL = join(root, "models/street-v2-b1.onnx");

function jetfleet(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: "1", COLUMNS: "100", NODE_NO_WARNINGS: "1" };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "cli/main.ts"), ...args],
      { env },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe("jetfleet plan", () => {
  it("reports the answer first, then what it rests on", async () => {
    const { code, stdout } = await jetfleet(
      "plan",
      MODEL,
      "--board",
      "agx-xavier",
      "--jetpack",
      "5.1.2",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^RUNS: Jetson AGX Xavier/);
    expect(stdout).toContain("TensorRT 8.5.2");
    expect(stdout).toContain("This rests on");
    expect(stdout.split("\n").every((line) => line.length <= 100)).toBe(true);
  });

  it("prints a plan that follows its schema with --json", async () => {
    const { stdout } = await jetfleet("plan", MODEL, "--board", "tx2", "--json");
    const plan = Plan.parse(JSON.parse(stdout));
    expect(plan.tensorrt).toBe("8.2.1");
    expect(plan.model.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("counts each region of a picture, of which there are at most eight", async () => {
    const asked = ["plan", MODEL, "--board", "tx2", "--min-fps", "1000"];
    const { code, stdout } = await jetfleet(...asked, "--regions", "4");
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "you ask for 4000, 4 regions of each of 1000 pictures",
    );
    const { stderr } = await jetfleet(...asked, "--regions", "9");
    expect(stderr).toContain('expected a whole number from 1 to 8 for --regions, got "9"');
  });

  it("ends with 1 when the board cannot meet the demand", async () => {
    const { code, stdout } = await jetfleet(
      "plan",
      MODEL,
      "--board",
      "tx2",
      "--streams",
      "40@1080p30",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^REFUSED/);
    expect(stdout).toContain("demand.decoder");
  });

  it("ends with 3 when nobody can say whether the demand is met", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "plan-")), "open.onnx");
    writeFileSync(
      file,
      writeModel({
        inputs: { x: [1, 3, "h", "w"] },
        outputs: ["y"],
        tensors: [{ name: "k", dims: [8, 3, 3, 3], raw: new Uint8Array(8 * 27 * 4) }],
        nodes: [{ op: "Conv", name: "conv", inputs: ["x", "k"], outputs: ["y"] }],
      }),
    );
    const asked = ["plan", file, "--board", "agx-xavier", "--min-fps", "30"];
    const { code, stdout } = await jetfleet(...asked);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^UNKNOWN: .*whether it gives 30 fps cannot be said/);
    expect(stdout).toContain("at least 0.00 GFLOP (1 layer not counted)");
    const remedy = /--shape (x=[0-9x]+)/.exec(stdout.replace(/\s+/g, " "))?.[1] ?? "";
    expect((await jetfleet(...asked, "--shape", remedy)).code).toBe(0);
    rmSync(dirname(file), { recursive: true });
  });

  it("takes a rate and a limit of time, and refuses what the board cannot give", async () => {
    const met = await jetfleet(
      "plan",
      MODEL,
      "--board",
      "tx2",
      "--min-fps",
      "20",
      "--max-latency-ms",
      "80",
    );
    expect(met.code).toBe(0);
    expect(met.stdout.replaceAll(/\s+/g, " ")).toMatch(
      /fps where 20 are asked for and [\d.]+ to [\d.]+ ms where 80 are allowed/,
    );
    const missed = await jetfleet("plan", MODEL, "--board", "tx2", "--max-latency-ms", "0.5");
    expect(missed.code).toBe(1);
    expect(missed.stdout).toContain("you allow 0.5 ms");
  });

  it("says how many pictures one inference of a graph takes", async () => {
    const { stdout } = await jetfleet("plan", MODEL.replace("b1", "b8"), "--board", "tx2");
    expect(stdout).toContain("8 pictures at once");
    expect(stdout).toContain("wait until the batch is full");
  });

  it("tells what stands in the way apart from what is only to be known", async () => {
    const warned = await jetfleet("plan", MODEL.replace("b1", "b8"), "--board", "tx2");
    expect(warned.stdout).toMatch(/\nWhat to know\n {2}warning: one inference takes 8 pictures/);
    expect(warned.stdout).not.toContain("What stands in the way");
    const refused = await jetfleet("plan", MODEL, "--module", "x86-l4", "--precision", "int8");
    expect(refused.stdout).toMatch(/\nWhat stands in the way\n {2}error: INT8 on/);
    expect(refused.stdout).toMatch(/\nWhat to know\n {2}TensorRT-RTX computes in the types/);
  });

  it("keeps what a DLA leaves to the GPU apart from notes on the whole", async () => {
    const fallen = await jetfleet("plan", MODEL, "--board", "agx-xavier");
    expect(fallen.stdout).toContain("\nWhat a DLA leaves to the GPU\n");
    expect(fallen.stdout).not.toContain("What to know");
    const without = await jetfleet("plan", MODEL, "--module", "agx-orin", "--jetpack", "7.2");
    expect(without.stdout).toMatch(/\nWhat to know\n {2}JetPack 7\.2 has no software for the DLA/);
  });

  it("names TensorRT-RTX for a PC, which builds in seconds", async () => {
    const card = await jetfleet("plan", MODEL, "--module", "x86-t4");
    expect(card.stdout).toContain("module  x86-t4, TensorRT-RTX 1.7, power mode maximum");
    expect(card.stdout).toMatch(/build {3}about [\d.]+ s \([\d.]+ to [\d.]+\) the first time/);
    const jetson = await jetfleet("plan", MODEL, "--board", "tx2");
    expect(jetson.stdout).toMatch(/build {3}about \d+ min \(/);
  });

  it.each([
    ["an unknown board", ["--board", "tx9"], "expected a board of tx1, tx2, nano"],
    ["a module given as a board", ["--board", "orin-nx-16gb"], "expected a board of"],
    ["a family", ["--module", "orin-nx"], "orin-nx-8gb (8 GB, 1024 CUDA cores, 1 DLA)"],
    ["an unknown module", ["--module", "tx9"], "expected a module of"],
    ["neither board nor module", [], "expected either --board or --module"],
    [
      "a board and a module",
      ["--board", "tx2", "--module", "tx2-nx"],
      "expected either --board or --module",
    ],
    [
      "an unknown accelerator",
      ["--board", "tx2", "--accelerator", "tpu"],
      "--accelerator does not take",
    ],
    ["a rate that is none", ["--board", "tx2", "--min-fps", "-3"], "expected a number above 0"],
    ["a shape that is none", ["--board", "tx2", "--shape", "images"], "expected a shape such as"],
  ])("ends with 2 for %s", async (_label, options, message) => {
    const { code, stderr } = await jetfleet("plan", MODEL, ...options);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("ends with 2 and the reason for a file that is no model", async () => {
    const { code, stderr } = await jetfleet("plan", join(root, "package.json"), "--board", "tx2");
    expect(code).toBe(2);
    expect(stderr).toContain("MODEL_INVALID");
  });
});

describe("jetfleet modules", () => {
  it("compares with the rows of the notes first", async () => {
    const { stdout } = await jetfleet("modules", "compare", "tx2", "agx-xavier");
    expect(stdout.split("\n")[1]).toMatch(/^GPU +256-core Pascal @ 1.3 GHz +512-core Volta/);
    expect(stdout).toContain("58.4 GB/s");
  });

  it("gives every figure with its source as JSON", async () => {
    const { stdout } = await jetfleet("boards", "show", "agx-xavier", "--json");
    const { module } = JSON.parse(stdout) as { module: { cudaCores: unknown } };
    expect(module.cudaCores).toEqual([{ value: 512, source: "table" }]);
  });
});
