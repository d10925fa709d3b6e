import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { furtherModelMib, planFor, readModel } from "../../../fleet/plan/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { pipelinePlanner } from "../../../infra/provider/plan/pipeline-planner.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { manifest, pipelineInputs } from "./inputs.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const NETWORKS = join(import.meta.dirname, "../../../fleet/plan/calibration/networks");
const resnet18 = readFileSync(join(NETWORKS, "resnet18.onnx"));
const resnet50 = readFileSync(join(NETWORKS, "resnet50.onnx"));
/** Between 16 and 32 GB. */
const huge = tinyOnnx(1, { side: 64 * 832, op: "Identity" });

const TX2 = { board: "tx2", module: "tx2", jetpack: "4.6.1", powerMode: "MAXN" };
const XAVIER = { board: "agx-xavier", module: "agx-xavier", jetpack: "5.1.2" };

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Of a model whose own check is not of interest here. */
function manifestOf(bytes: Buffer, seen = true): Properties {
  const digest = sha256Digest(bytes);
  if (seen) pipelinePlanner.noteModel(digest, readModel(bytes));
  return { ...manifest(), digest };
}

function inputsOf(device: Properties, colour: Properties): Properties {
  return {
    ...{ ...pipelineInputs(), device },
    detect: { model: manifestOf(resnet50) },
    secondary: { colour: { model: { ...colour, name: "colours", decoder: "classification" } } },
  };
}

const check = (news: Properties, name = "entrance") =>
  world.driver.check(urnOf("Pipeline", name), { ...news, name });
const summaryIn = (inputs: Properties) => (inputs["plan"] as unknown as PlanSummary).summary;

describe("the memory of a secondary model", () => {
  test("is counted with that of the pipeline's own, and refused where it is too much", async () => {
    const onTx2 = await check(inputsOf({ name: "a", ...TX2 }, manifestOf(huge)));
    expect(onTx2.failures.map(({ property }) => property)).toEqual(["detect.model"]);
    expect(onTx2.failures[0]?.reason).toMatch(
      /memory would need \d+ MiB of 8192: this pipeline \d+, secondary colour \d{4,}/,
    );
    const onXavier = await check(inputsOf({ name: "b", ...XAVIER }, manifestOf(huge)));
    expect(onXavier.failures).toEqual([]);
    expect(summaryIn(onXavier.inputs)).toContain(
      "of secondary models (colour) the memory is counted, and no time",
    );
  });

  test("counts for other pipelines of the device, too", async () => {
    const device = { name: "c", ...XAVIER };
    expect((await check(inputsOf(device, manifestOf(huge)))).failures).toEqual([]);
    const { failures } = await check(inputsOf(device, manifestOf(huge)), "yard");
    expect(failures[0]?.reason).toMatch(
      /memory would need \d+ MiB of 32768: .*entrance \d{4,}, secondary colour \d{4,}/,
    );
  });

  test("is said not to be counted where its file was not read", async () => {
    const unseen = manifestOf(tinyOnnx(1, { producer: "nobody" }), false);
    const { failures, inputs } = await check(inputsOf({ name: "d", ...TX2 }, unseen));
    expect(failures).toEqual([]);
    expect(summaryIn(inputs)).toContain(
      "secondary models (colour) are not counted, neither time nor memory",
    );
  });

  test("is that of the model alone: CUDA and its libraries are there already", () => {
    const planOn = (board: string, bytes: Buffer) => {
      const module = findModule(board);
      return planFor(readModel(bytes), module ?? expect.fail(board));
    };
    for (const board of ["tx2", "agx-xavier", "orin-nano-8gb", "x86-l4"]) {
      const [small, large] = [resnet18, resnet50].map((bytes) => planOn(board, bytes));
      const [less, more] = [small, large].map((plan) => (plan && furtherModelMib(plan)) ?? NaN);
      expect(less, board).toBeGreaterThan(0);
      // A process with both has the rest once.
      expect((small?.memoryMib?.expected ?? 0) - (less ?? 0), board).toBeCloseTo(
        (large?.memoryMib?.expected ?? 0) - (more ?? 0),
        6,
      );
    }
    expect(furtherModelMib({ memoryMib: null, tensorrt: "8.2.1" })).toBeNull();
  });
});
