import { describe, expect, it } from "vitest";
import { type OnnxModel, readModel } from "../../../fleet/plan/index.ts";
import { type ModelSketch, type NodeSketch, writeModel } from "../support/onnx-writer.ts";
import { plan } from "../support/plans.ts";

const model = (sketch: ModelSketch): OnnxModel =>
  readModel(writeModel({ opset: 16, outputs: ["y"], ...sketch }));

const weights = { name: "k", dims: [8, 8, 3, 3], raw: new Uint8Array(8 * 8 * 9 * 4) };
const conv = (from: string, to: string): NodeSketch => ({
  op: "Conv",
  name: `conv ${to}`,
  inputs: [from, "k"],
  outputs: [to],
  attributes: { pads: [1, 1, 1, 1] },
});
/** Two operations a multiply-add of the convolution above on 16×16. */
const CONV_GFLOP = (2 * 8 * 8 * 9 * 16 * 16) / 1e9;
const branch = (...nodes: NodeSketch[]): { graph: ModelSketch } => ({
  graph: { nodes, outputs: nodes.at(-1)?.outputs ?? [] },
});
const IMAGE = { x: [1, 8, 16, 16] };

describe("a branching", () => {
  const branching = (condition: "constant" | "live" | "true"): OnnxModel =>
    model({
      inputs: condition === "live" ? { ...IMAGE, c: [1] } : IMAGE,
      tensors: [
        weights,
        { name: "c", dims: [1], type: 9, int32: [condition === "true" ? 1 : 0] },
      ].slice(0, condition === "live" ? 1 : 2),
      nodes: [
        {
          op: "If",
          name: "if",
          inputs: ["c"],
          outputs: ["y"],
          attributes: {
            then_branch: branch(conv("x", "a"), conv("a", "b")),
            else_branch: branch(conv("x", "a")),
          },
        },
      ],
    });

  it.each([
    ["true", 2],
    ["constant", 1],
  ] as const)("that a constant (%s) decides costs the branch that is taken", (condition, convs) => {
    const made = plan(branching(condition), "agx-xavier", { minFps: 1 });
    expect(made.model.gflops).toBeCloseTo(convs * CONV_GFLOP, 9);
    expect(made.model.parameters).toBe(convs * 8 * 8 * 9);
    expect(made.layers.map(({ node }) => node)).toHaveLength(convs);
    expect(made.verdict).toBe("runs");
  });

  it("that the data decide costs a range, from the cheaper branch to the dearer", () => {
    const fps = (one: OnnxModel) => plan(one, "agx-xavier").chosen?.fps;
    const [less, more] = [fps(branching("constant")), fps(branching("true"))];
    const made = plan(branching("live"), "agx-xavier", { minFps: 1 });
    expect(made.chosen?.fps?.high).toBeCloseTo(less?.high ?? 0, 6);
    expect(made.chosen?.fps?.low).toBeCloseTo(more?.low ?? 0, 6);
    expect(made.model.gflops).toBeCloseTo(2 * CONV_GFLOP, 9);
    expect(made.layers).toHaveLength(4);
    expect(made.layers.every(({ device }) => device === "gpu")).toBe(true);
  });

  it("is refused by a parser that wants its condition as a constant", () => {
    const made = plan(branching("live"), "agx-xavier", { jetpack: "4.5.1" });
    expect(made.diagnostics[0]).toMatchObject({ rule: "onnx.initializer", nodes: ["if"] });
    expect(plan(branching("true"), "agx-xavier", { jetpack: "4.5.1" }).verdict).toBe("runs");
  });

  const contradicting = (condition: "live" | "false", both = false): OnnxModel => {
    const odd: NodeSketch = { op: "Add", inputs: ["x", "odd"], outputs: ["z"] };
    return model({
      inputs: condition === "live" ? { ...IMAGE, c: [1] } : IMAGE,
      tensors: [
        weights,
        { name: "odd", dims: [1, 3, 1, 1], float: [1, 2, 3] },
        { name: "c", dims: [1], type: 9, int32: [0] },
      ].slice(0, condition === "live" ? 2 : 3),
      nodes: [
        {
          op: "If",
          inputs: ["c"],
          outputs: ["y"],
          attributes: {
            then_branch: branch(odd),
            else_branch: branch(both ? odd : conv("x", "a")),
          },
        },
      ],
    });
  };

  it.each(["live", "false"] as const)(
    "is not refused for a branch that cannot be taken (%s condition)",
    (condition) => {
      const made = plan(contradicting(condition), "agx-xavier", { minFps: 1 });
      expect(made.verdict).toBe("runs");
      expect(made.model.gflops).toBeCloseTo(CONV_GFLOP, 9);
    },
  );

  it("is refused when neither branch can be taken", () => {
    expect(() => plan(contradicting("live", true), "agx-xavier")).toThrow(/do not broadcast/);
  });
});

describe("a loop", () => {
  const looping = (rounds: number | null, carriedGrows = false): OnnxModel =>
    model({
      inputs: rounds === null ? { ...IMAGE, m: [] } : IMAGE,
      tensors: [
        weights,
        { name: "go", dims: [], type: 9, int32: [1] },
        ...(rounds === null ? [] : [{ name: "m", dims: [], int64: [rounds] }]),
      ],
      outputs: ["last", "all"],
      nodes: [
        {
          op: "Loop",
          name: "loop",
          inputs: ["m", "go", "x"],
          outputs: ["last", "all"],
          attributes: {
            body: {
              graph: {
                inputs: { at: [], on: [], state: [1, 8, 16, 16] },
                nodes: [
                  { op: "Identity", inputs: ["on"], outputs: ["goes on"] },
                  conv("state", "made"),
                  carriedGrows
                    ? {
                        op: "Concat",
                        inputs: ["state", "made"],
                        outputs: ["next"],
                        attributes: { axis: 2 },
                      }
                    : { op: "Relu", inputs: ["made"], outputs: ["next"] },
                ],
                outputs: ["goes on", "next", "made"],
              },
            },
          },
        },
      ],
    });

  it("costs its body as often as it runs, and hands out one result a round", () => {
    const [five, ten] = [5, 10].map((rounds) => plan(looping(rounds), "agx-xavier"));
    expect(five?.model.gflops).toBeGreaterThan(5 * CONV_GFLOP);
    expect(ten?.model.gflops).toBeCloseTo(2 * (five?.model.gflops ?? 0), 4);
    const ratio = (five?.chosen?.fps?.expected ?? 0) / (ten?.chosen?.fps?.expected ?? 1);
    expect(ratio).toBeGreaterThan(1.8);
    expect(ten?.candidates.every(({ published }) => !published)).toBe(true);
  });

  it.each([
    ["of unknown rounds", looping(null), /how many rounds/],
    ["whose state grows", looping(5, true), /a dimension of its tensors/],
  ])("%s is never a number, and names a node", (_what, looped, reason) => {
    const made = plan(looped, "agx-xavier", { minFps: 1 });
    expect(made.verdict).toBe("unknown");
    expect(made.chosen?.fps).toBeNull();
    expect(made.summary).toMatch(reason);
    expect(made.model.uncounted).toBeGreaterThan(0);
  });

  it("is not looked into without end where loops nest", () => {
    const nested = (depth: number): ModelSketch["nodes"] => [
      {
        op: "Loop",
        inputs: ["m", "go", depth === 7 ? "x" : "state"],
        outputs: [depth === 7 ? "y" : "next"],
        attributes: {
          body: {
            graph: {
              inputs: { at: [], on: [], state: [1, 8, 16, 16] },
              nodes: [
                { op: "Identity", inputs: ["on"], outputs: ["goes on"] },
                ...(depth === 0
                  ? Array.from({ length: 2000 }, (_, at) => ({
                      op: "Concat",
                      inputs: ["state", "state"],
                      outputs: [at === 0 ? "next" : `z${at}`],
                      attributes: { axis: 2 },
                    }))
                  : (nested(depth - 1) ?? [])),
              ],
              outputs: ["goes on", "next"],
            },
          },
        },
      },
    ];
    const deep = model({
      inputs: IMAGE,
      tensors: [
        { name: "go", dims: [], type: 9, int32: [1] },
        { name: "m", dims: [], int64: [3] },
      ],
      nodes: nested(7) ?? [],
    });
    const before = performance.now();
    expect(plan(deep, "tx2", { minFps: 1 }).verdict).toBe("unknown");
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

it("a Scan runs once for each slice of what it goes over", () => {
  const scanning = (length: number): OnnxModel =>
    model({
      inputs: { x: [length, 1, 8, 16, 16], s: [1, 8, 16, 16] },
      tensors: [weights],
      outputs: ["end", "y"],
      nodes: [
        {
          op: "Scan",
          inputs: ["s", "x"],
          outputs: ["end", "y"],
          attributes: {
            num_scan_inputs: 1,
            body: {
              graph: {
                inputs: { state: [], one: [] },
                nodes: [
                  { op: "Add", inputs: ["state", "one"], outputs: ["sum"] },
                  conv("sum", "made"),
                ],
                outputs: ["made", "sum"],
              },
            },
          },
        },
      ],
    });
  const [three, six] = [3, 6].map((length) => plan(scanning(length), "agx-xavier").model.gflops);
  expect(three).toBeGreaterThan(3 * CONV_GFLOP);
  expect(six).toBeCloseTo(2 * (three ?? 0), 4);
});

describe("a recurrent operator", () => {
  const recurrent = (
    op: string,
    gates: number,
    steps: number,
    direction = "forward",
  ): OnnxModel => {
    const ways = direction === "bidirectional" ? 2 : 1;
    const tensor = (name: string, dims: number[]) => ({
      name,
      dims,
      raw: new Uint8Array(4 * dims.reduce((all, dim) => all * dim, 1)),
    });
    return model({
      inputs: { x: [steps, 1, 32] },
      tensors: [tensor("w", [ways, gates * 64, 32]), tensor("r", [ways, gates * 64, 64])],
      nodes: [
        {
          op,
          name: op,
          inputs: ["x", "w", "r"],
          outputs: ["y"],
          attributes: { hidden_size: 64, direction },
        },
      ],
    });
  };

  it.each([
    ["LSTM", 4],
    ["GRU", 3],
    ["RNN", 1],
  ])("%s counts its steps", (op, gates) => {
    const made = plan(recurrent(op, gates, 100), "agx-xavier");
    expect(made.model.gflops).toBeCloseTo((2 * 100 * gates * 64 * (32 + 64)) / 1e9, 9);
    expect(made.model.parameters).toBe(gates * 64 * (32 + 64));
    const twice = plan(recurrent(op, gates, 200), "agx-xavier");
    const ms = (one: typeof made) => one.chosen?.latencyMs?.expected ?? 0;
    expect(ms(twice) / ms(made)).toBeCloseTo(2, 1);
    expect(made.chosen?.published).toBe(false);
  });

  it("that goes both ways takes twice the steps", () => {
    const [one, both] = ["forward", "bidirectional"].map((direction) =>
      plan(recurrent("LSTM", 4, 50, direction), "tx2"),
    );
    expect(both?.model.gflops).toBeCloseTo(2 * (one?.model.gflops ?? 0), 9);
    expect(both?.chosen?.latencyMs?.expected).toBeGreaterThan(
      1.9 * (one?.chosen?.latencyMs?.expected ?? 0),
    );
  });
});
