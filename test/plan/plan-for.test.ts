import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MODULES, type Module } from "../../fleet/boards/catalog/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import {
  type NamedUsage,
  type OnnxModel,
  Plan,
  PlanCache,
  type PlanOptions,
  parseStreams,
  planFor,
  readModel,
} from "../../fleet/plan/index.ts";
import { NETWORK_NAMES, network, street } from "./support/models.ts";
import { writeModel } from "./support/onnx-writer.ts";
import { moduleNamed, plan } from "./support/plans.ts";

describe("a plan", () => {
  it("names every layer that the DLA leaves to the GPU, with rule, numbers and remedy", () => {
    const made = plan(network("yolov3_spp"), "agx-xavier", {
      jetpack: "5.1.2",
      accelerator: "dla0",
    });
    const pools = made.diagnostics.filter(({ rule }) => rule === "dla.pool.window");
    expect(pools.map(({ message }) => message).toSorted()).toEqual([
      "pool window 13×13 exceeds 8×8",
      "pool window 9×9 exceeds 8×8",
    ]);
    expect(made.layers.filter(({ rule }) => rule === "dla.pool.window")).toHaveLength(2);
  });

  it("is the same each time", () => {
    const once = plan(network("resnet50"), "agx-xavier");
    expect(plan(network("resnet50"), "agx-xavier")).toEqual(once);
  });

  it("says what it rests on, and is wider where nothing was measured", () => {
    const known = plan(network("resnet50"), "agx-xavier", { accelerator: "gpu" });
    const unknown = plan(network("resnet50"), "agx-orin", { accelerator: "gpu" });
    const spread = ({ chosen }: Plan): number =>
      (chosen?.latencyMs?.high ?? 0) / (chosen?.latencyMs?.low ?? 1);
    expect(known.restsOn.join()).toContain("published figures");
    expect(unknown.restsOn.join()).toContain("no published figure of ampere");
    expect(spread(unknown)).toBeGreaterThan(1.5 * spread(known));
  });

  it.each([
    ["tx2i", 1.03, 1.3],
    ["tx2-4gb", 0.98, 1.2],
    ["tx2-nx", 0.98, 1.2],
  ])("of %s takes the time of a TX2 for its own clocks and memory", (board, least, most) => {
    const ms = (name: string): number =>
      plan(network("resnet50"), name).chosen?.latencyMs?.expected ?? 0;
    expect(ms(board) / ms("tx2")).toBeGreaterThan(least);
    expect(ms(board) / ms("tx2")).toBeLessThan(most);
  });

  it("is slower in a slower power mode", () => {
    const ms = (powerMode: string): number =>
      plan(network("resnet50"), "agx-xavier", { powerMode, accelerator: "gpu" }).chosen?.latencyMs
        ?.expected ?? 0;
    expect(ms("MODE_10W")).toBeGreaterThan(1.5 * ms("MAXN"));
    expect(ms("MODE_30W_ALL")).toBeGreaterThan(ms("MAXN"));
  });

  it.each([
    ["a JetPack that the board never gets", "tx2", { jetpack: "5.1.2" }],
    ["a JetPack that nobody knows", "tx2", { jetpack: "9.9" }],
    ["a power mode that the board has not", "tx2", { powerMode: "MODE_30W_ALL" }],
  ])("is not made for %s", (_label, id, options) => {
    const attempt = (): unknown => planFor(network("alexnet"), moduleNamed(id), options);
    expect(attempt).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("is not guessed for a board of which too little is known", () => {
    try {
      planFor(network("alexnet"), moduleNamed("agx-thor"));
      expect.unreachable();
    } catch (error) {
      expect(isFleetError(error, "BOARD_UNKNOWN")).toBe(true);
    }
  });
});

describe("a demand", () => {
  it("that the board cannot meet is refused with the nearest possible", () => {
    const made = plan(network("yolov4"), "tx2", { streams: [parseStreams("4@1080p30")] });
    const shortfall = made.diagnostics.find(({ rule }) => rule === "demand.throughput");
    expect(made.verdict).toBe("refused");
    expect(shortfall?.message).toMatch(
      /^Jetson TX2: FP16 on the GPU is estimated at [\d.]+ to [\d.]+ fps, the most it gives; you ask for 120; one camera at up to [\d.]+ fps fits surely$/,
    );
  });

  it("counts only the pictures that the model looks at, and says so", () => {
    const streams = [parseStreams("4@1080p30")];
    const every = plan(network("yolov4"), "tx2", { streams });
    const fourth = plan(network("yolov4"), "tx2", { streams, interval: 4 });
    const message = (made: Plan) =>
      made.diagnostics.find(({ rule }) => rule === "demand.throughput")?.message ?? "";
    expect(message(fourth)).toContain("you ask for 30, one picture in 4 of 120; ");
    // 30 fps of one are surely within what four times as fast a board would give.
    expect(message(every)).toContain("one camera at up to");
    expect(message(fourth)).toContain("1 of the 4 cameras fits surely");
    const busy = (made: Plan) => made.usage.gpuBusy ?? Number.NaN;
    expect(busy(every) / busy(fourth)).toBeCloseTo(4, 6);
    expect(plan(network("yolov4"), "tx2", { streams, interval: 40 }).verdict).toBe("runs");
  });

  it("counts each part of a picture that the model looks at, and says so", () => {
    const streams = [parseStreams("4@1080p30")];
    const parts = { average: 4, most: 4 };
    const whole = plan(network("yolov4"), "tx2", { streams });
    const inParts = plan(network("yolov4"), "tx2", { streams, parts });
    const first = (made: Plan, wanted: string) =>
      made.diagnostics.find(({ rule }) => rule === wanted);
    const throughput = first(inParts, "demand.throughput");
    expect(throughput?.message).toContain("you ask for 480, 4 regions of each of 120 pictures; ");
    expect(throughput?.remedy).toContain("fewer regions, ");
    expect(throughput?.message).toContain("one camera at up to");
    const busy = (made: Plan) => made.usage.gpuBusy ?? Number.NaN;
    expect(busy(inParts) / busy(whole)).toBeCloseTo(4, 6);
    const some = plan(network("yolov4"), "tx2", { minFps: 1, parts, interval: 2 });
    expect(some.reason).toContain(
      "where 2, 4 regions of each of 0.5 pictures, one picture in 2 of 1, are asked for",
    );
    // All of them take their time, one after the other.
    const alone = plan(network("yolov4"), "tx2", { latencyMs: 400 });
    expect(alone.verdict).toBe("runs");
    const together = plan(network("yolov4"), "tx2", {
      latencyMs: 400,
      parts: { average: 8, most: 8 },
    });
    expect(first(together, "demand.latency")?.message).toContain(
      "you allow 50 ms for each of the 8 that a picture takes",
    );
  });

  it("for INT8 on TX2 is refused, and FP16 is named with its estimate", () => {
    const made = plan(network("yolov4"), "tx2", {
      precision: "int8",
      streams: [parseStreams("1@1080p30")],
    });
    const [first] = made.diagnostics;
    expect(first?.rule).toBe("gpu.int8");
    expect(first?.message).toMatch(
      /sm_62 has no fast INT8; FP16 is estimated at [\d.]+ to [\d.]+ fps, you ask for 30$/,
    );
  });

  it("that INT8 alone could meet is told so", () => {
    const made = plan(network("yolov4"), "agx-xavier", { accelerator: "gpu", minFps: 200 });
    const shortfall = made.diagnostics.find(({ rule }) => rule === "demand.throughput");
    expect(shortfall?.message).toMatch(
      /; the most it gives is \d+ to \d+ fps in INT8 on .*, once it is calibrated; you ask for 200$/,
    );
  });

  it("names the least board that surely meets it, if there is one", () => {
    const remedy = (id: string, options: PlanOptions): string | null | undefined =>
      plan(network("mobilenet_v2"), id, options).diagnostics.find(
        ({ rule, severity }) => rule.startsWith("demand.") && severity === "error",
      )?.remedy;
    const named = remedy("nano", { minFps: 350 });
    expect(named).toMatch(/, or another board: Jetson .* surely gives it$/);
    const title = /another board: (.*) surely/.exec(named ?? "")?.[1];
    const other = MODULES.find((module) => module.title === title);
    expect(
      planFor(network("mobilenet_v2"), other ?? moduleNamed("nano"), { minFps: 350 }).verdict,
    ).toBe("runs");
    expect(remedy("nano", { minFps: 100_000 })).not.toContain("another board");
  });

  it("at the good end of the estimate warns, and does not refuse", () => {
    const { fps } = plan(network("yolov4"), "tx2").chosen ?? {};
    const minFps = ((fps?.expected ?? 0) + (fps?.high ?? 0)) / 2;
    const made = plan(network("yolov4"), "tx2", { minFps });
    expect(made.verdict).toBe("unknown");
    expect(made.reason).toContain("though hardly");
    expect(made.admissions.find(({ resource }) => resource === "gpu")).toMatchObject({
      available: 100,
      fits: null,
    });
    expect(made.diagnostics.find(({ rule }) => rule === "demand.throughput")?.severity).toBe(
      "warning",
    );
  });

  it("does not count cameras where another rate than theirs is asked for", () => {
    const made = plan(network("resnet50"), "tx2", {
      streams: [parseStreams("1@720p15")],
      minFps: 300,
    });
    const shortfall = made.diagnostics.find(({ rule }) => rule === "demand.throughput");
    expect(shortfall?.message).toMatch(/you ask for 300$/);
  });

  it("says how many of its cameras the decoder carries", () => {
    const made = plan(network("mobilenet_v1_0.25_128"), "tx2", {
      streams: [parseStreams("40@1080p15")],
    });
    const decoder = made.diagnostics.find(({ rule }) => rule === "demand.decoder");
    // 1000 MP/s of 31.1 each.
    expect(decoder?.message).toMatch(/; 32 of the 40 cameras fit$/);
  });

  it("for more pixels than the decoder has is refused by name", () => {
    const made = plan(network("mobilenet_v1_0.25_128"), "nano", {
      streams: [parseStreams("9@1080p30")],
    });
    expect(made.diagnostics.map(({ rule }) => rule)).toContain("demand.decoder");
  });

  it.each<[string, string, PlanOptions, RegExp]>([
    [
      "on a board without one",
      "tx2",
      { accelerator: "dla0" },
      /^DLA0 on Jetson TX2: it has no DLA; FP16 on the GPU is/,
    ],
    [
      "split on a board without one",
      "tx2",
      { accelerator: "split" },
      /^a split on Jetson TX2: it has no DLA/,
    ],
    [
      "in FP32",
      "agx-xavier",
      { accelerator: "dla1", precision: "fp32" },
      /^DLA1 in FP32: a DLA computes in FP16 and INT8 only; FP16 on DLA1 is estimated at/,
    ],
    [
      "that is the second of one",
      "orin-nx-8gb",
      { accelerator: "dla1", jetpack: "5.1.2" },
      /: it has one DLA; FP16 on/,
    ],
    [
      "under a JetPack that has none",
      "agx-orin",
      { accelerator: "dla0", jetpack: "7.2", minFps: 10 },
      /JetPack 7\.2 has no software for the DLA, 6\.2\.2 is the last that has; FP16 on the GPU is estimated at .*, you ask for 10$/,
    ],
  ])(
    "for a DLA %s is refused with the reason and what comes nearest",
    (_label, id, options, message) => {
      const made = plan(network("resnet18"), id, options);
      const error = made.diagnostics.find(({ severity }) => severity === "error");
      expect(made.verdict).toBe("refused");
      expect(error?.rule).toBe("accelerator.unavailable");
      expect(error?.message).toMatch(message);
    },
  );

  it("of nothing still tells why a board's DLA is not among the ways", () => {
    const made = plan(network("resnet18"), "agx-orin", { jetpack: "7.2" });
    expect(made.verdict).toBe("runs");
    expect(made.diagnostics.map(({ rule }) => rule)).toContain("dla.software");
  });

  it("that a DLA surely meets goes there, and the GPU stays free", () => {
    const made = plan(network("resnet18"), "agx-xavier", {
      precision: "int8",
      streams: [parseStreams("1@1080p30")],
    });
    expect(made.chosen?.accelerator).toBe("dla0");
    expect(made.reason).toContain("leaves the GPU free");
  });

  it.each(["4@1080p30", "2@1280x720@15", "1@4k30"])("reads %s", (text) => {
    expect(parseStreams(text).count).toBeGreaterThan(0);
  });

  it.each(["1080p30", "4@", "x@1080p30", "4@1080"])("does not read %s", (text) => {
    expect(() => parseStreams(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("accelerator auto", () => {
  const without = (module: Module): Module => ({
    ...module,
    dlaCores: [{ value: 0, source: "derived" }],
  });

  it.each(NETWORK_NAMES)("is never slower with a DLA than without: %s", (name) => {
    const xavier = moduleNamed("agx-xavier");
    const model = network(name);
    for (const precision of ["fp16", "int8"] as const) {
      const having = planFor(model, xavier, { precision });
      const lacking = planFor(model, without(xavier), { precision });
      expect(having.chosen?.fps?.low).toBeGreaterThanOrEqual(lacking.chosen?.fps?.low ?? 0);
      expect(having.chosen?.fps?.expected).toBeGreaterThanOrEqual(
        lacking.chosen?.fps?.expected ?? 0,
      );
    }
  });

  it.each([10, 60, 300, 1000])("still meets %i fps with a DLA where it met it without", (fps) => {
    const xavier = moduleNamed("agx-xavier");
    const streams = [{ count: 1, width: 640, height: 360, fps }];
    const verdicts = NETWORK_NAMES.map((name) => ({
      lacking: planFor(network(name), without(xavier), { streams }).verdict,
      having: planFor(network(name), xavier, { streams }).verdict,
    }));
    expect(verdicts).not.toContainEqual({ lacking: "runs", having: "refused" });
  });

  it("plans a model on every board of which enough is known", () => {
    const model = network("resnet18");
    const made = MODULES.flatMap((module) => {
      try {
        return [planFor(model, module)];
      } catch (error) {
        if (isFleetError(error, "BOARD_UNKNOWN")) return [];
        throw error;
      }
    });
    expect(made.length).toBeGreaterThan(12);
    expect(made.every(({ verdict }) => verdict === "runs")).toBe(true);
  });
});

describe("pipelines of one device", () => {
  const taking = (share: Partial<NamedUsage>): NamedUsage => ({
    name: "yard",
    decoderMpixPerSecond: 0,
    gpuBusy: 0,
    dla0Busy: 0,
    dla1Busy: 0,
    memoryMib: 0,
    ...share,
  });
  const asked = (share: Partial<NamedUsage>, fps: number, accelerator: "auto" | "gpu" | "dla0") =>
    plan(network("resnet18"), "agx-xavier", {
      precision: "int8",
      accelerator,
      minFps: fps,
      beside: [taking(share)],
    });

  it("are counted together, by name", () => {
    const { admissions, usage } = asked({ gpuBusy: 0.25, memoryMib: 500 }, 30, "gpu");
    const gpu = admissions.find(({ resource }) => resource === "gpu");
    expect(gpu?.beside).toEqual([{ name: "yard", used: 25 }]);
    expect(gpu?.used).toBeCloseTo(25 + 100 * (usage.gpuBusy ?? Number.NaN), 6);
    const memory = admissions.find(({ resource }) => resource === "memory");
    expect(memory?.used).toBeCloseTo(1078 + 500 + (usage.memoryMib ?? Number.NaN), 6);
  });

  it.each([
    ["gpu", { gpuBusy: 0.99 }, "demand.gpu"],
    ["dla0", { dla0Busy: 0.99 }, "demand.dla"],
  ] as const)(
    "that leave too little of %s are refused with the other's name",
    (accelerator, share, rule) => {
      expect(asked({}, 60, accelerator).verdict).toBe("runs");
      const made = asked(share, 60, accelerator);
      const [error] = made.diagnostics.filter(({ severity }) => severity === "error");
      expect(made.verdict).toBe("refused");
      expect(error?.rule).toBe(rule);
      expect(error?.message).toMatch(/^beside yard, INT8 on .* is left with .* you ask for 60$/);
    },
  );

  it("go to the core that is free", () => {
    expect(asked({}, 60, "auto").chosen?.accelerator).toBe("dla0");
    expect(asked({ dla0Busy: 0.99 }, 60, "auto").chosen?.accelerator).toBe("dla1");
    expect(asked({ dla0Busy: 1, dla1Busy: 1 }, 60, "auto").chosen?.accelerator).toBe("gpu");
  });

  it.each([
    ["decoder", { decoderMpixPerSecond: 2990 }],
    ["memory", { memoryMib: 32_000 }],
  ] as const)(
    "that overrun the %s together are refused with each one's part",
    (resource, share) => {
      const made = plan(network("resnet18"), "agx-xavier", {
        streams: [parseStreams("1@1080p30")],
        beside: [taking(share)],
      });
      const error = made.diagnostics.find(({ rule }) => rule === `demand.${resource}`);
      expect(error?.severity).toBe("error");
      expect(error?.message).toMatch(/: this pipeline \d+, yard \d+; no camera fits$/);
    },
  );

  it("are named where nobody knows what they take", () => {
    const made = asked({ gpuBusy: null }, 30, "gpu");
    expect(made.verdict).toBe("runs");
    expect(made.diagnostics.find(({ rule }) => rule === "beside.unknown")?.message).toContain(
      "yard",
    );
  });

  it("do not know their own use without a rate", () => {
    const { usage } = plan(network("resnet18"), "agx-xavier", { accelerator: "gpu" });
    expect(usage).toMatchObject({ gpuBusy: null, dla0Busy: 0, decoderMpixPerSecond: null });
  });
});

describe("a limit of time", () => {
  it("that no way keeps is refused with the fastest", () => {
    const made = plan(network("yolov4"), "tx2", { latencyMs: 10 });
    const error = made.diagnostics.find(({ rule }) => rule === "demand.latency");
    expect(made.verdict).toBe("refused");
    expect(error?.message).toMatch(
      /^Jetson TX2: one inference of FP16 on the GPU is estimated at \d+ to \d+ ms, the fastest it has; you allow 10 ms$/,
    );
  });

  it("keeps a split away, whose single picture waits for the slower engine", () => {
    const { candidates } = plan(network("resnet50"), "agx-xavier", { precision: "int8" });
    const of = (name: string) => candidates.find(({ accelerator }) => accelerator === name);
    const [gpu, split] = [of("gpu"), of("split")];
    expect(split?.fps?.expected).toBeGreaterThan(gpu?.fps?.expected ?? Infinity);
    expect(split?.latencyMs?.expected).toBeGreaterThan(gpu?.latencyMs?.expected ?? Infinity);
    const latencyMs = (gpu?.latencyMs?.high ?? 0) * 1.01;
    const made = plan(network("resnet50"), "agx-xavier", { precision: "int8", latencyMs });
    expect(made.chosen?.accelerator).toBe("gpu");
  });
});

describe("a graph of eight pictures", () => {
  const batched = () =>
    readModel(readFileSync(join(import.meta.dirname, "../../models/street-v2-b8.onnx")));

  it("is counted in pictures, while its latency is that of all eight", () => {
    const [one, eight] = [plan(street(), "tx2"), plan(batched(), "tx2")];
    expect(eight.model.batch).toBe(8);
    const { fps, latencyMs } = eight.chosen ?? {};
    expect(fps?.expected).toBeCloseTo(8000 / (latencyMs?.expected ?? Number.NaN), 6);
    expect(fps?.expected).toBeGreaterThanOrEqual(one.chosen?.fps?.expected ?? Infinity);
    expect(eight.summary).toContain("ms for 8 pictures at once");
    expect(eight.diagnostics.map(({ rule }) => rule)).toContain("model.batch");
  });
});

describe("a graph of open dimensions", () => {
  const open = () =>
    readModel(
      writeModel({
        inputs: { x: [1, 3, "h", "w"] },
        outputs: ["y"],
        tensors: [{ name: "k", dims: [8, 3, 3, 3], raw: new Uint8Array(8 * 27 * 4) }],
        nodes: [{ op: "Conv", inputs: ["x", "k"], outputs: ["y"] }],
      }),
    );

  it("is not said to be fast, however the demand", () => {
    const made = plan(open(), "agx-xavier", { minFps: 30 });
    expect(made.verdict).toBe("unknown");
    expect(made.chosen).toMatchObject({ latencyMs: null, fps: null });
    expect(made.memoryMib).toBeNull();
    expect(made.usage.gpuBusy).toBeNull();
    expect(made.summary).toMatch(/whether it gives 30 fps cannot be said; of Conv_0 \(Conv\)/);
    expect(made.diagnostics.map(({ rule }) => rule)).toContain("onnx.open-shape");
  });

  it("is estimated once they are said, as the remedy has it", () => {
    const remedy = plan(open(), "agx-xavier").diagnostics.find(
      ({ rule }) => rule === "onnx.open-shape",
    )?.remedy;
    expect(remedy).toContain("x (1×3×h×w)");
    const [, dims = ""] = /--shape x=([0-9x]+)/.exec(remedy ?? "") ?? [];
    const shapes = { x: dims.split("x").map(Number) };
    const made = plan(open(), "agx-xavier", { shapes, minFps: 1 });
    expect(made.verdict).toBe("runs");
    expect(made.chosen?.fps?.expected).toBeGreaterThan(0);
  });
});

describe("a graph without arithmetic", () => {
  it("has no rate and no time, and the plan says so", () => {
    const nodes = [{ op: "Identity", inputs: ["x"], outputs: ["y"] }];
    const model = readModel(writeModel({ inputs: { x: [1, 3, 8, 8] }, outputs: ["y"], nodes }));
    const made = plan(model, "agx-xavier", { minFps: 30, latencyMs: 5 });
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
    expect(made.chosen).toMatchObject({ latencyMs: null, fps: null });
    expect(made.verdict).toBe("runs");
    expect(made.summary).toContain("no layer of the model takes time");
  });
});

describe("a hostile model", () => {
  const many = (inputs: (at: number) => string[]): OnnxModel =>
    readModel(
      writeModel({
        inputs: { x: [1, 8, 16, 16] },
        outputs: ["v0"],
        nodes: Array.from({ length: 50_000 }, (_, at) => ({
          op: at % 2 === 0 ? "Relu" : "LeakyRelu",
          inputs: inputs(at),
          outputs: [`v${at}`],
        })),
      }),
    );

  it.each<[string, (at: number) => string[]]>([
    ["a value that fifty thousand nodes read", () => ["x"]],
    ["a chain of fifty thousand nodes", (at) => [at === 0 ? "x" : `v${at - 1}`]],
  ])("with %s is planned in seconds", (_label, inputs) => {
    const before = performance.now();
    const made = planFor(many(inputs), moduleNamed("agx-xavier"), { jetpack: "4.6.1" });
    expect(made.layers).toHaveLength(50_000);
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});

describe("the cache of plans", () => {
  it("does not read a model again whose digest it knows", () => {
    const cache = new PlanCache();
    let reads = 0;
    const read = (): OnnxModel => {
      reads += 1;
      return network("resnet18");
    };
    const first = cache.plan("sha256:1", read, moduleNamed("tx2"));
    const before = performance.now();
    const second = cache.plan("sha256:1", read, moduleNamed("tx2"));
    expect(performance.now() - before).toBeLessThan(50);
    expect(second).toBe(first);
    expect(first.model.digest).toBe("sha256:1");
    cache.plan("sha256:1", read, moduleNamed("agx-xavier"));
    expect(reads).toBe(2);
  });
});
