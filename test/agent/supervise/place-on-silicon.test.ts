import { describe, expect, it } from "vitest";
import { acceleratorsOf } from "../../../agent/board/silicon.ts";
import { modelOptions } from "../../../agent/supervise/native-options.ts";
import { placeOnSilicon, type Silicon } from "../../../agent/supervise/place-on-silicon.ts";
import type { AcceleratorChoice, BoardName } from "../../../fleet/spec/index.ts";
import { versionFor } from "../support/deploying.ts";

const BACKEND = "/opt/jetfleet/libjetfleet-backend-tensorrt-8.5.so";
const XAVIER: Silicon = {
  accelerators: ["gpu", "dla0", "dla1"],
  objects: ["/opt/jetfleet/libjetfleet-backend-onnxruntime.so", BACKEND],
  folders: ["/opt/jetfleet"],
  tensorrt: "8.5.2-1+cuda11.4",
};
const TX2: Silicon = { ...XAVIER, accelerators: ["gpu"] };
const engineFor = (kind: string) => ({
  path: `/engines/${kind}`,
  digest: `sha256:${kind}`,
  precision: kind === "gpu" ? "fp16" : "int8",
});

describe("a model on a board's accelerators", () => {
  it.each<[AcceleratorChoice, Silicon, string, string[], string]>([
    ["auto", XAVIER, "gpu", ["gpu"], "fp16"],
    ["auto", TX2, "gpu", ["gpu"], "fp16"],
    ["gpu", XAVIER, "gpu", ["gpu"], "fp16"],
    ["dla1", XAVIER, "dla1", ["dla1"], "int8"],
    ["split", XAVIER, "split", ["gpu", "dla0", "dla1"], "fp16+int8"],
  ])(
    "asked for %s has a lane for each that shares its frames",
    (wanted, silicon, on, lanes, how) => {
      const { place } = placeOnSilicon(wanted, silicon, engineFor);
      expect(place?.runsOn).toEqual({ backend: "tensorrt 8.5", accelerator: on, precision: how });
      expect(place?.options.backendPath).toBe(BACKEND);
      expect(place?.options.lanes).toEqual(
        lanes.map((accelerator) => {
          const { path, precision } = engineFor(accelerator === "gpu" ? "gpu" : "dla");
          return { accelerator, path, precision };
        }),
      );
      expect(place?.options.path).toBe(place?.options.lanes[0]?.path);
    },
  );

  it("has one engine for both cores of a DLA", () => {
    const asked: string[] = [];
    placeOnSilicon("split", XAVIER, (kind) => {
      asked.push(kind);
      return engineFor(kind);
    });
    expect(asked).toEqual(["gpu", "dla"]);
  });

  it.each<[string, Silicon, (kind: string) => ReturnType<typeof engineFor> | null, RegExp]>([
    ["nobody knows the board", { ...XAVIER, accelerators: [] }, engineFor, /no accelerator/],
    ["no TensorRT is installed", { ...XAVIER, tensorrt: null }, engineFor, /none is installed/],
    [
      "another TensorRT is installed",
      { ...XAVIER, tensorrt: "8.6.2-1" },
      engineFor,
      /made for TensorRT 8.5, and 8.6.2-1 is installed/,
    ],
    ["there is no object for it", { ...XAVIER, objects: [] }, engineFor, /found none/],
    ["there is no engine", XAVIER, () => null, /no engine of it for the gpu/],
    [
      "the DLA's engine is not there",
      XAVIER,
      (kind) => (kind === "gpu" ? engineFor(kind) : null),
      /no engine of it for the dla/,
    ],
  ])("stays on the processor when %s, and it is said", (_what, silicon, engines, why) => {
    const placing = placeOnSilicon("split", silicon, engines);
    expect(placing).toEqual({ place: null, why: expect.stringMatching(why) });
  });

  it.each<[AcceleratorChoice, Silicon]>([
    ["dla0", TX2],
    ["split", TX2],
  ])("that asks for %s of a board without it stays on the processor, too", (wanted, silicon) => {
    const placing = placeOnSilicon(wanted, silicon, engineFor);
    expect(placing).toEqual({ place: null, why: "the board has gpu" });
  });
});

describe("what the addon is told of it", () => {
  const version = versionFor({ bytes: "good" });
  const onProcessor = {
    native: { addonPath: "/addon", backendPath: "/cpu.so", runtimePath: "/onnxruntime.so" },
    threads: 1,
    engineOf: () => ({ path: "/engines/cpu", digest: version.model.digest }),
  };

  it("is every lane, and the backend of TensorRT", () => {
    const engine = (kind: string) => ({ ...engineFor(kind), digest: version.model.digest });
    const placeOf = () => placeOnSilicon("split", XAVIER, engine);
    const { lanes, path, backendPath } = modelOptions(version, { ...onProcessor, placeOf });
    expect(lanes?.map(({ accelerator }) => accelerator)).toEqual(["gpu", "dla0", "dla1"]);
    expect([path, backendPath]).toEqual(["/engines/gpu", BACKEND]);
  });

  it("is the processor's engine and backend where there is no place", () => {
    const placeOf = () => placeOnSilicon("gpu", XAVIER, () => null);
    const options = modelOptions(version, { ...onProcessor, placeOf });
    expect(options.lanes).toBeUndefined();
    expect([options.path, options.backendPath]).toEqual(["/engines/cpu", "/cpu.so"]);
  });
});

describe("the accelerators of a board", () => {
  it.each<[BoardName, string[]]>([
    ["tx2", ["gpu"]],
    ["agx-xavier", ["gpu", "dla0", "dla1"]],
  ])("%s has %j", (board, accelerators) => expect(acceleratorsOf(board)).toEqual(accelerators));
});
