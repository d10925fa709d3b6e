import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBuilt } from "../../cli/commands/built.ts";
import { placementLines } from "../../cli/render/placement-text.ts";
import { moduleByName } from "../../fleet/boards/catalog/index.ts";
import { builtLayersOf, placementOpinions, planFor, readModel } from "../../fleet/plan/index.ts";
import { EngineReport } from "./silicon/engine-report.ts";

const root = join(import.meta.dirname, "../..");
const MODEL = join(root, "models/street-v2-b1.onnx");
const folder = mkdtempSync(join(tmpdir(), "built-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What an H100's inspector said of our model (TensorRT 8.6.1, FP16), in the inspector's own form. */
function recorded(): string {
  const file = join(import.meta.dirname, "silicon/results/tensorrt/street_v2-fp16.json");
  const { layers } = EngineReport.parse(JSON.parse(readFileSync(file, "utf8")));
  return JSON.stringify({
    Layers: layers.map(({ type, nodes }, index) => ({
      Name: `__myl_${index}`,
      LayerType: type,
      Metadata: nodes.map((node) => `[ONNX Layer: ${node}]`).join("\x1e"),
    })),
    Bindings: ["images", "output"],
  });
}

function jetfleet(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: "1", COLUMNS: "110", NODE_NO_WARNINGS: "1" };
  const command = [join(root, "cli/main.ts"), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe("where a builder has its layers", () => {
  it.each<[string, unknown]>([
    ["an inspector", { Layers: [{ Name: "a", LayerType: "DLA" }] }],
    ["notes of an engine", { inspector: { Layers: [{ Name: "a", LayerType: "DLA" }] } }],
    ["a build", { layers: [{ name: "a", type: "x", accelerator: "dla", reason: null }] }],
    ["a bench", { layers: [{ name: "a", type: null, place: "dla", ms: null, share: null }] }],
  ])("is read from what %s says", (_what, told) => {
    expect(builtLayersOf(JSON.stringify(told))).toEqual([
      { name: "a", accelerator: "dla", reason: null },
    ]);
  });

  it.each(["", "null", "7", "[]", "{", '{"layers":7}', '{"layers":[null,7,{"name":7}]}'])(
    "is nothing in %j",
    (text) => expect(builtLayersOf(text)).toEqual([]),
  );

  it("is found by the nodes that a layer says it holds, whatever its name", () => {
    const xavier = moduleByName("agx-xavier-32gb");
    const module = "module" in xavier ? xavier.module : undefined;
    if (module === undefined) throw new Error("no such module");
    const plan = planFor(readModel(readFileSync(MODEL)), module, { accelerator: "dla0" });
    const text = JSON.stringify({
      Layers: [
        {
          Name: "__myl_7",
          LayerType: "kgen",
          Metadata: `[ONNX Layer: ${plan.layers[0]?.node} | of: x]\x1e[ONNX Layer: ${plan.layers[1]?.node}]`,
        },
      ],
    });
    const told = placementOpinions(plan.layers, builtLayersOf(text), "dla");
    expect(told.opinions.filter(({ builder }) => builder === "gpu")).toHaveLength(2);
    expect(told.unmatched).toEqual([]);
  });
});

describe("jetfleet plan --built", () => {
  it("shows the planner's opinion beside a recorded engine's, node by node", async () => {
    const file = join(folder, "inspector.json");
    writeFileSync(file, recorded());
    const asked = ["plan", MODEL, "--board", "agx-xavier", "--built", file];
    const onGpu = await jetfleet(...asked, "--accelerator", "gpu");
    expect(onGpu.stderr).toBe("");
    expect(onGpu.code).toBe(0);
    expect(onGpu.stdout).toMatch(/^\d+ nodes on agx-xavier.* 0 where planner and builder differ/);
    const onDla = await jetfleet(...asked, "--accelerator", "dla0", "--json");
    const { opinions, disagreements } = JSON.parse(onDla.stdout) as ReturnType<
      typeof placementOpinions
    >;
    const told = opinions.filter(({ builder }) => builder !== null);
    expect(told.length).toBeGreaterThan(50);
    expect(disagreements).toBe(told.filter(({ planner }) => planner === "dla").length);
    expect(disagreements).toBeGreaterThan(40);
  });

  it.each<[string, string]>([
    ["no JSON", "Layers"],
    ["JSON of something else", '{"fps":1}'],
    ["an engine that is cut off", "JFENGINE"],
    ["nothing", ""],
  ])("refuses %s", async (_what, text) => {
    const file = join(folder, "bad.json");
    writeFileSync(file, text);
    await expect(readBuilt(file)).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });

  it("lists first what they differ in, with both reasons", () => {
    const opinion = { op: "Conv", rule: null, reason: null };
    const lines = placementLines(
      {
        disagreements: 1,
        unmatched: ["Reformat"],
        opinions: [
          { ...opinion, node: "same", planner: "dla", builder: "dla", agree: true },
          { ...opinion, node: "gone", planner: "dla", builder: null, agree: null },
          {
            ...{ ...opinion, node: "other", planner: "gpu", builder: "dla", agree: false },
            ...{ rule: "dla.pool.window", reason: "canRunOnDLA says yes" },
          },
        ],
      },
      { module: "agx-xavier-32gb", tensorrt: "8.5.2" },
      120,
    );
    expect(lines[0]).toContain("3 nodes on agx-xavier-32gb with TensorRT 8.5.2: 1 where");
    expect(lines[1]).toBe("1 layers of the builder that are no node: Reformat");
    expect(lines.slice(4).map((line) => line.trim().split(/\s+/)[0])).toEqual([
      "other",
      "same",
      "gone",
    ]);
    expect(lines[4]).toContain("builder: canRunOnDLA says yes; planner: dla.pool.window");
  });
});
