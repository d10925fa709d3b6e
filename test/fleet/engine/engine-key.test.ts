import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildOptionsOf,
  type EngineFacts,
  EngineFactsSchema,
  EnginePool,
  engineFacts,
  engineKey,
} from "../../../fleet/engine/index.ts";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

const FACTS: EngineFacts = {
  model: digestOf("a"),
  externalData: {},
  backend: "tensorrt",
  version: "8.6.2",
  packageVersion: "8.6.2.3-1+cuda12.2",
  l4t: "36.3.0",
  soc: "tegra234",
  computeCapability: "8.7",
  module: "3767-0000",
  multiprocessors: 8,
  accelerator: "gpu",
  gpuFallback: false,
  precision: "int8",
  calibration: digestOf("c"),
  minMaxRanges: false,
  float32Nodes: [],
  allowTf32: false,
  effort: null,
  shapes: {},
  formats: {},
  pools: {},
  plugins: {},
};

/** Another value of each fact. */
const OTHERS: [string, Partial<EngineFacts>][] = [
  ["model", { model: digestOf("b") }],
  ["weights beside it", { externalData: { "w.bin": digestOf("b") } }],
  ["library", { backend: "tensorrt-rtx" }],
  ["version", { version: "8.6.1" }],
  ["package", { packageVersion: "8.6.2.3-1+cuda12.1" }],
  ["package that nobody knows", { packageVersion: null }],
  ["L4T", { l4t: "36.2.0" }],
  ["chip", { soc: "tegra194" }],
  ["compute capability", { computeCapability: "7.2" }],
  ["module", { module: "3767-0001" }],
  ["multiprocessors", { multiprocessors: 4 }],
  ["accelerator", { accelerator: "dla" }],
  ["fallback", { gpuFallback: true }],
  ["precision", { precision: "fp16", calibration: null }],
  ["calibration", { calibration: digestOf("d") }],
  ["no calibration", { calibration: null }],
  ["kind of ranges", { minMaxRanges: true }],
  ["node in float32", { float32Nodes: ["/box_out/Conv"] }],
  ["TF32", { allowTf32: true }],
  ["effort", { effort: 3 }],
  ["shapes", { shapes: { x: { min: [1], opt: [1], max: [2] } } }],
  ["formats", { formats: { x: "fp16 chw16" } }],
  ["pools", { pools: { "dla-sram": 1 << 20 } }],
  ["plugins", { plugins: { libnvinfer_plugin: "8.6.2" } }],
];

describe("the key of an engine", () => {
  it("is a text that people can read", () => {
    const { text, digest } = engineKey({
      ...FACTS,
      shapes: { images: { min: [1, 3, 416, 416], opt: [4, 3, 416, 416], max: [8, 3, 416, 416] } },
      pools: { workspace: 1 << 28 },
    });

    expect(text).toBe(`jetfleet engine 1
model ${digestOf("a")}
library tensorrt 8.6.2
package 8.6.2.3-1+cuda12.2
l4t 36.3.0
soc tegra234
compute-capability 8.7
module 3767-0000
multiprocessors 8
accelerator gpu
precision int8
calibration ${digestOf("c")}
shape "images" 1x3x416x416 4x3x416x416 8x3x416x416
pool "workspace" 268435456
`);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each(OTHERS)("is another for another %s", (_what, change) => {
    expect(engineKey({ ...FACTS, ...change }).digest).not.toBe(engineKey(FACTS).digest);
  });

  it("is tried with another value of every fact, and each limit of memory", () => {
    const tried = new Set(OTHERS.flatMap(([, change]) => Object.keys(change)));
    expect([...tried].sort()).toEqual(Object.keys(EngineFactsSchema.shape).sort());
    const keys = EnginePool.options.flatMap((pool) =>
      [1, 2].map((bytes) => engineKey({ ...FACTS, pools: { [pool]: bytes } }).digest),
    );
    expect(new Set(keys).size).toBe(2 * EnginePool.options.length);
  });

  it("is another for a node of another name in float32, and the same in another order", () => {
    const keyOf = (...float32Nodes: string[]) => engineKey({ ...FACTS, float32Nodes }).digest;
    expect(keyOf("a")).not.toBe(keyOf("b"));
    expect(keyOf("a", "b")).not.toBe(keyOf("a b"));
    expect(keyOf("a", "b", "a")).toBe(keyOf("b", "a"));
  });

  it("is the same in whatever order records were written", () => {
    const plugins = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,6}$/),
      fc.stringMatching(/^[0-9.]{1,6}$/),
    );
    fc.assert(
      fc.property(plugins, (given) => {
        const turned = Object.fromEntries(Object.entries(given).reverse());
        expect(engineKey({ ...FACTS, plugins: turned })).toEqual(
          engineKey({ ...FACTS, plugins: given }),
        );
      }),
    );
  });

  it("tells a name with a space from a name and a value", () => {
    const one = engineKey({ ...FACTS, plugins: { "a b": "c" } });
    const other = engineKey({ ...FACTS, plugins: { a: "b c" } });

    expect(one.text).not.toBe(other.text);
  });

  it.each<[string, Partial<EngineFacts>]>([
    ["a line break", { soc: "tegra234\nmodule x" }],
    ["no text", { version: "" }],
    ["a digest that is none", { model: "sha256:abc" }],
    ["a calibration table for FP16", { precision: "fp16" }],
    ["no multiprocessor", { multiprocessors: 0 }],
    ["ranges for FP16", { precision: "fp16", calibration: null, minMaxRanges: true }],
    ["a node of no name", { float32Nodes: [""] }],
  ])("is refused with %s", (_what, change) => {
    expect(() => engineKey({ ...FACTS, ...change })).toThrow();
  });
});

describe("the build that a key names", () => {
  it("is asked for all that the key says of a build", () => {
    const shape = { min: [1, 3, 8, 8], opt: [2, 3, 8, 8], max: [4, 3, 8, 8] };
    const pools = Object.fromEntries(EnginePool.options.map((pool, index) => [pool, index + 1]));
    const options = buildOptionsOf({
      ...FACTS,
      pools,
      effort: 3,
      allowTf32: true,
      gpuFallback: true,
      minMaxRanges: true,
      float32Nodes: ["b", "a", "b"],
      shapes: { images: shape },
    });
    expect(options).toEqual({
      precision: "int8",
      allowTf32: true,
      gpuFallback: true,
      minMaxRanges: true,
      float32Nodes: ["a", "b"],
      effort: 3,
      shapes: [{ input: "images", ...shape }],
      workspaceBytes: 1,
      dlaSramBytes: 2,
      dlaLocalDramBytes: 3,
      dlaGlobalDramBytes: 4,
      tacticSharedMemoryBytes: 5,
    });
  });

  it("leaves to the library what the key does not say", () => {
    const left = Object.keys(buildOptionsOf(FACTS)).filter((name) => /Bytes|effort/.test(name));
    expect(left).toEqual([]);
  });

  it("bounds the workspace, unless whoever wants the engine says how", () => {
    const { precision: _, calibration: __, pools: ___, ...machine } = FACTS;
    const request = { model: FACTS.model, accelerator: "gpu", precision: "fp16" } as const;
    const bytesOf = (pools?: EngineFacts["pools"]) =>
      buildOptionsOf(engineFacts(machine, { ...request, ...(pools && { pools }) })).workspaceBytes;
    expect(bytesOf()).toBe(2 ** 28);
    expect(bytesOf({ workspace: 2 ** 30 })).toBe(2 ** 30);
  });

  it("is refused with formats that no build can be asked for", () => {
    expect(() => buildOptionsOf({ ...FACTS, formats: { images: "fp16 chw16" } })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining("images") }),
    );
  });
});
