import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { type Plan, planFor, readModel } from "../../../fleet/plan/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { pipelinePlanner } from "../../../infra/provider/plan/pipeline-planner.ts";
import { type Properties, Secret, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { changed, manifest, pipelineInputs } from "./inputs.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const NETWORKS = join(import.meta.dirname, "../../../fleet/plan/calibration/networks");
const resnet50 = readFileSync(join(NETWORKS, "resnet50.onnx"));
const huge = tinyOnnx(1, { side: 64 * 768, op: "Identity" });

/** A manifest of a model whose own check is not of interest here. */
function manifestOf(bytes: Buffer): Properties {
  const digest = sha256Digest(bytes);
  pipelinePlanner.noteModel(digest, readModel(bytes));
  return { ...manifest(), digest };
}

const tx2 = { board: "tx2", module: "tx2", jetpack: "4.6.1", powerMode: "MAXN", simulated: true };

/** Each device is another one, so that pipelines of other tests are not beside. */
let devices = 0;
function inputsOf(change: Record<string, unknown>, bytes: Buffer = resnet50): Properties {
  const base = { ...pipelineInputs(), device: { name: `d${++devices}`, ...tx2 } };
  return Object.entries({ "detect.model": manifestOf(bytes), ...change }).reduce<Properties>(
    (inputs, [path, value]) => changed(inputs, path, value),
    base,
  );
}

const check = (news: Properties, name = "entrance") =>
  world.driver.check(urnOf("Pipeline", name), news);

const planIn = (inputs: Properties) => inputs["plan"] as unknown as PlanSummary;

/** The planner's own word, which the provider must pass on. */
function planned(options: Parameters<typeof planFor>[2]): Plan {
  const board = findModule("tx2");
  if (!board) throw new Error("no such board");
  return planFor(readModel(resnet50), board, { jetpack: "4.6.1", powerMode: "MAXN", ...options });
}
const fps = planned({}).chosen?.fps ?? { low: 0, expected: 0, high: 0 };
const takes = planned({}).chosen?.latencyMs ?? { low: 0, expected: 0, high: 0 };

const camera = (width: number, height: number, rate: number) => ({ width, height, fps: rate });

describe("a demand that the silicon cannot meet fails the check at the property that asks it", () => {
  test.each<[string, Record<string, unknown>, string, RegExp, RegExp]>([
    [
      "INT8 without fast INT8",
      { "detect.precision": "int8", "budget.minFps": 90 },
      "detect.precision",
      /^DEMAND_IMPOSSIBLE: INT8 on Jetson TX2: sm_62 has no fast INT8; FP16 is estimated at \d+ to \d+ fps, you ask for 90 \(/,
      /next: .*fp16/,
    ],
    [
      "a DLA that is not there",
      { "detect.accelerator": "dla0" },
      "detect.accelerator",
      /dla0.*Jetson TX2|DLA0 on Jetson TX2/i,
      /next: .*auto/,
    ],
    [
      "a rate of the budget",
      { "budget.minFps": 500 },
      "budget.minFps",
      /FP16 on the GPU.* is estimated at \d+ to \d+ fps.*you ask for 500/,
      /lower frame rate/,
    ],
    [
      "the rate of the camera, where the budget names none",
      { "sources.cam1.video": camera(640, 360, 500) },
      "sources",
      /you ask for 500/,
      /lower frame rate/,
    ],
    [
      "a rate of which the model looks at a part",
      { "budget.minFps": 1500, "detect.interval": 3, track: {} },
      "budget.minFps",
      /you ask for 500, one picture in 3 of 1500/,
      /longer interval of detection/,
    ],
    [
      "a rate of pictures in several parts",
      {
        "budget.minFps": 500,
        "detect.regions": [0, 0.5].map((left) => ({ left, top: 0, width: 0.5, height: 1 })),
      },
      "budget.minFps",
      /you ask for 1000, 2 regions of each of 500 pictures/,
      /fewer regions, a lower frame rate/,
    ],
    [
      "a latency",
      { "budget.latencyP95Ms": 5 },
      "budget.latencyP95Ms",
      /one inference.* is estimated at [\d.]+ to [\d.]+ ms.*you allow 5 ms/,
      /smaller model/,
    ],
    [
      "pixels for the decoder",
      { "sources.cam1.video": camera(7680, 4320, 60), "budget.minFps": 5 },
      "sources",
      /decoder would need 1991 MP\/s of \d+/,
      /next: .*or a lower frame rate/,
    ],
  ])("%s", async (_what, change, property, reason, next) => {
    const { failures, inputs } = await check(inputsOf(change));
    expect(failures.map((one) => one.property)).toEqual([property]);
    expect(planIn(inputs).warnings ?? []).toEqual([]);
    expect(failures[0]?.reason).toMatch(reason);
    expect(failures[0]?.reason).toMatch(
      /\(an estimate for the silicon in power mode MAXN and JetPack 4\.6\.1\)/,
    );
    expect(failures[0]?.reason).toMatch(next);
  });

  test.each([
    ["x86-l4", "int8", /TensorRT-RTX does not calibrate.*FP16 is estimated at/],
    ["x86-t4", "fp32", /TensorRT-RTX has no FP32 matrix products.*FP16 is estimated at/],
  ])("a precision that TensorRT-RTX does not take for %s: %s", async (board, precision, reason) => {
    const change = {
      "device.board": board,
      "device.module": undefined,
      "device.jetpack": undefined,
      "device.powerMode": undefined,
      "detect.precision": precision,
    };
    const { failures } = await check(inputsOf(change));
    // Whether a program may name such a board is not asked here.
    const unmet = failures.filter(({ property }) => property !== "device.board");
    expect(unmet.map(({ property }) => property)).toEqual(["detect.precision"]);
    expect(unmet[0]?.reason).toMatch(reason);
  });

  test("memory for the model", async () => {
    const { failures } = await check(inputsOf({}, huge));
    expect(failures.map(({ property }) => property)).toEqual(["detect.model"]);
    expect(failures[0]?.reason).toMatch(
      /memory would need \d+ MiB of 8192.*\n {2}next: .*smaller/s,
    );
    const xavier = {
      "device.board": "agx-xavier",
      "device.module": "agx-xavier",
      "device.powerMode": undefined,
    };
    expect((await check(inputsOf(xavier, huge))).failures).toEqual([]);
  });

  test("memory of the module, not of the board that its family is named after", async () => {
    // Between 16 and 32 GB.
    const large = tinyOnnx(1, { side: 64 * 832, op: "Identity" });
    const on = async (module: unknown) => {
      const xavier = { board: "agx-xavier", module, jetpack: "5.1.2", simulated: true };
      return (
        await check({ ...inputsOf({}, large), device: { name: "x", ...xavier } as Properties })
      ).failures;
    };
    expect(await on("agx-xavier")).toEqual([]);
    expect(await on("agx-xavier-64gb")).toEqual([]);
    expect(await on(UNKNOWN)).toEqual([]);
    const failures = await on("agx-xavier-16gb");
    expect(failures.map(({ property }) => property)).toEqual(["detect.model"]);
    expect(failures[0]?.reason).toMatch(/memory would need \d+ MiB of 16384/);
  });

  test("each that fails, when several do", async () => {
    const change = { "budget.minFps": 500, "budget.latencyP95Ms": 5 };
    const { failures } = await check(inputsOf(change));
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "budget.latencyP95Ms",
      "budget.minFps",
    ]);
  });

  test("though the board has not told its JetPack and power mode yet", async () => {
    const unknown = {
      "device.module": UNKNOWN,
      "device.jetpack": UNKNOWN,
      "device.powerMode": UNKNOWN,
    };
    const { failures, inputs } = await check(inputsOf({ ...unknown, "budget.minFps": 500 }));
    expect(failures.map(({ property }) => property)).toEqual(["budget.minFps"]);
    expect(failures[0]?.reason).toMatch(
      /the silicon of its board, as assumed, in power mode MAXN, as assumed and JetPack 4\.6\.\d, as assumed\)/,
    );
    expect(planIn(inputs).summary).toMatch(/JetPack is not known yet.*power mode is not known yet/);
  });

  test("and names the power mode in which it could be met", async () => {
    const saving = planned({ powerMode: "MAXQ" }).chosen?.mostFps ?? Infinity;
    const rate = (saving + (planned({}).chosen?.mostFps ?? 0)) / 2;
    const news = inputsOf({ "device.powerMode": "MAXQ", "budget.minFps": rate });
    const { failures } = await check(news);
    expect(failures[0]?.reason).toMatch(/power mode MAXQ.*In power mode MAXN it is within/s);
    const { failures: never } = await check(changed(news, "budget.minFps", 5000));
    expect(never[0]?.reason).not.toContain("In power mode MAXN");
  });
});

describe("a demand that is met passes", () => {
  test.each<[string, Record<string, unknown>]>([
    ["nothing asked", {}],
    ["a low rate", { "budget.minFps": fps.low * 0.9 }],
    [
      "a rate below that of a fast camera",
      {
        "budget.minFps": fps.low * 0.9,
        "sources.cam1.video": camera(640, 360, 500),
      },
    ],
    ["a long time", { "budget.latencyP95Ms": takes.high * 1.1 }],
    ["an accelerator that is there", { "detect.accelerator": "gpu", "detect.precision": "fp32" }],
    ["a demand that is not known yet", { "budget.minFps": UNKNOWN, "sources.cam1.video": UNKNOWN }],
    ["a budget that is not known yet", { budget: UNKNOWN, "detect.precision": UNKNOWN }],
  ])("%s", async (_what, change) => {
    const { failures, inputs } = await check(inputsOf(change));
    expect(failures).toEqual([]);
    expect(planIn(inputs).warnings ?? []).toEqual([]);
  });

  test("and what the program asks is planned", async () => {
    const asks = { "detect.accelerator": "gpu", "detect.precision": "fp32" };
    const { inputs } = await check(inputsOf(asks));
    expect(planIn(inputs)).toMatchObject({ accelerator: "gpu", precision: "fp32" });
  });

  test("though it is secret", async () => {
    const { failures } = await check(inputsOf({ budget: new Secret({ minFps: 500 }) }));
    expect(failures.map(({ property }) => property)).toEqual(["budget.minFps"]);
  });

  test("and one that is no valid demand is told by the schema alone", async () => {
    const { failures } = await check(inputsOf({ "budget.minFps": -1, "detect.precision": "int4" }));
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "budget.minFps",
      "detect.precision",
    ]);
    expect(failures.every(({ reason }) => reason.includes("expected"))).toBe(true);
  });
});

describe("a demand within the doubt of the estimate is a warning", () => {
  const between = (a: number, b: number) => (a + b) / 2;

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      "a rate above the low end",
      { "budget.minFps": between(fps.low, fps.expected) },
      /fps are asked for and \d+ to \d+ estimated: expected to be met, not surely/,
    ],
    [
      "a rate above what is expected",
      { "budget.minFps": between(fps.expected, fps.high) },
      /FP16 on the GPU.* is estimated at.*you ask for/,
    ],
    [
      "a time below the high end",
      { "budget.latencyP95Ms": between(takes.high, takes.expected) },
      /ms are allowed and [\d.]+ to [\d.]+ estimated: expected to be met, not surely/,
    ],
    [
      "a time for both halves of a picture, below the high end for each",
      {
        "budget.latencyP95Ms": 2 * between(takes.high, takes.expected),
        "detect.regions": [0, 0.5].map((left) => ({ left, top: 0, width: 0.5, height: 1 })),
      },
      /ms for each of the 2 that a picture takes are allowed and [\d.]+ to [\d.]+ estimated/,
    ],
    [
      "a time below what is expected",
      { "budget.latencyP95Ms": between(takes.expected, takes.low) },
      /one inference.* is estimated at.*you allow/,
    ],
  ])("%s", async (_what, change, text) => {
    const { failures, inputs } = await check(inputsOf(change));
    expect(failures).toEqual([]);
    expect(planIn(inputs).warnings).toEqual([expect.stringMatching(text)]);
  });
});

describe("pipelines of one device are admitted together", () => {
  const share = 0.4;
  const asks = (device: string, name: string, change: Record<string, unknown> = {}) => ({
    ...inputsOf({
      "budget.minFps": share * fps.low,
      "sources.cam1.video": camera(640, 360, 30),
      ...change,
    }),
    name,
    device: { name: device, ...tx2 },
  });
  const failing = async (news: Properties, name: string) => (await check(news, name)).failures;

  test("as long as they fit, however often and in whatever order they are checked", async () => {
    const [one, two] = [asks("together", "one"), asks("together", "two")];
    for (const [news, name] of [
      [one, "one"],
      [two, "two"],
      [one, "one"],
      [two, "two"],
    ] as const) {
      expect(await failing(news, name)).toEqual([]);
    }
  });

  test("and the one that does not fit any more names the others", async () => {
    const most = { "budget.minFps": fps.expected * 0.9 };
    expect(await failing(asks("full", "one", most), "one")).toEqual([]);
    const failures = await failing(asks("full", "two", most), "two");
    expect(failures.map(({ property }) => property)).toEqual(["budget.minFps"]);
    expect(failures[0]?.reason).toMatch(/beside one, FP16 on the GPU.*you ask for/);
    expect(failures[0]?.reason).toMatch(/next: .*another device/i);
    // What was refused takes nothing.
    const small = { "budget.minFps": 0.04 * fps.low };
    expect(await failing(asks("full", "three", small), "three")).toEqual([]);
  });

  test("and one that is refused when it is checked again makes room", async () => {
    const most = { "budget.minFps": fps.expected * 0.9 };
    expect(await failing(asks("again", "one", most), "one")).toEqual([]);
    expect(await failing(asks("again", "one", { "budget.minFps": 500 }), "one")).toHaveLength(1);
    expect(await failing(asks("again", "two", most), "two")).toEqual([]);
  });

  test("for the decoder as well", async () => {
    const large = { "budget.minFps": 1, "sources.cam1.video": camera(3840, 2160, 75) };
    expect(await failing(asks("pixels", "one", large), "one")).toEqual([]);
    const failures = await failing(asks("pixels", "two", large), "two");
    expect(failures.map(({ property }) => property)).toEqual(["sources"]);
    expect(failures[0]?.reason).toMatch(
      /decoder would need 1244 MP\/s of \d+: this pipeline 622, one 622/,
    );
  });

  test("and one that moves to another device makes room", async () => {
    const most = { "budget.minFps": fps.expected * 0.9 };
    expect(await failing(asks("left", "one", most), "one")).toEqual([]);
    expect(await failing(asks("right", "one", most), "one")).toEqual([]);
    expect(await failing(asks("left", "two", most), "two")).toEqual([]);
  });

  test("while one of which nothing is known is told by name, to who asks for something", async () => {
    expect(await failing(inputsLike("silent", "quiet", {}), "quiet")).toEqual([]);
    const asking = await check(inputsLike("silent", "asking", { "budget.minFps": 1 }), "asking");
    expect(planIn(asking.inputs).warnings).toEqual([
      expect.stringMatching(/what quiet on the same/),
    ]);
    const other = await check(inputsLike("silent", "other", {}), "other");
    expect(planIn(other.inputs).warnings ?? []).toEqual([]);
  });

  function inputsLike(device: string, name: string, change: Record<string, unknown>): Properties {
    return { ...inputsOf(change), name, device: { name: device, ...tx2 } };
  }
});
