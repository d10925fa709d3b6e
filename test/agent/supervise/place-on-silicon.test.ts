import { describe, expect, it } from "vitest";
import { acceleratorsOf } from "../../../agent/board/silicon.ts";
import type { EngineForm, EngineModel } from "../../../agent/engine/recipes.ts";
import { modelOptions } from "../../../agent/supervise/model-options.ts";
import {
  formsOf,
  placeOnSilicon,
  type Silicon,
} from "../../../agent/supervise/place-on-silicon.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { BoardName } from "../../../fleet/spec/index.ts";
import { versionFor } from "../support/deploying.ts";

const BACKEND = "/opt/jetfleet/libjetfleet-backend-tensorrt-8.5.so";
const XAVIER: Silicon = {
  accelerators: ["gpu", "dla0", "dla1"],
  objects: ["/opt/jetfleet/libjetfleet-backend-onnxruntime.so", BACKEND],
  folders: ["/opt/jetfleet"],
  tensorrt: "8.5.2-1+cuda11.4",
  unknown: [],
  runtimePath: "",
};
const TX2: Silicon = { ...XAVIER, accelerators: ["gpu"] };
type Wanted = Parameters<typeof placeOnSilicon>[0];

describe("a model on a board's accelerators", () => {
  it.each<[Wanted, Silicon, string, string[], string]>([
    [{}, XAVIER, "gpu", ["gpu fp16"], "fp16"],
    [{ accelerator: "auto" }, TX2, "gpu", ["gpu fp16"], "fp16"],
    [{ accelerator: "gpu", precision: "fp32" }, XAVIER, "gpu", ["gpu fp32"], "fp32"],
    [{ accelerator: "dla1", precision: "int8" }, XAVIER, "dla1", ["dla int8"], "int8"],
    [{ accelerator: "split" }, XAVIER, "split", ["gpu fp16", "dla fp16", "dla fp16"], "fp16"],
  ])(
    "asked for %j has a lane for each that shares its frames",
    (wanted, silicon, accelerator, forms, precision) => {
      const placing = placeOnSilicon(wanted, silicon);
      expect(placing.place?.runsOn).toEqual({ backend: "tensorrt 8.5", accelerator, precision });
      expect(placing.place?.backendPath).toBe(BACKEND);
      expect(placing.place?.lanes.map(({ form }) => form)).toEqual(forms);
      // Both cores of a DLA load the same engine.
      expect(formsOf(placing)).toEqual([...new Set(forms)]);
    },
  );

  it.each<[Silicon, RegExp]>([
    [{ ...XAVIER, accelerators: [] }, /no accelerator/],
    [{ ...XAVIER, tensorrt: null }, /none is installed/],
    [{ ...XAVIER, tensorrt: "8.6.2-1" }, /made for TensorRT 8.5, and 8.6.2-1 is installed/],
    [{ ...XAVIER, objects: [] }, /found none/],
    [{ ...XAVIER, unknown: ["which module it is"] }, /cannot be named: which module it is/],
  ])("stays on the processor where it cannot work, and it is said: %j", (silicon, why) => {
    const placing = placeOnSilicon({ accelerator: "split" }, silicon);
    expect(placing).toEqual({ place: null, why: expect.stringMatching(why) });
    expect(formsOf(placing)).toEqual(["cpu"]);
  });

  it.each<[Wanted, Silicon, string]>([
    [{ accelerator: "dla0" }, TX2, "the board has gpu"],
    [{ accelerator: "split" }, TX2, "the board has gpu"],
    [{ accelerator: "split", precision: "fp32" }, XAVIER, "a DLA computes in FP16 and INT8 only"],
  ])("that asks for %j of a board without it stays on the processor, too", (wanted, silicon, why) =>
    expect(placeOnSilicon(wanted, silicon)).toEqual({ place: null, why }),
  );
});

describe("what the addon is told of it", () => {
  const version = versionFor({ bytes: "good" });
  const engineOf = ({ digest: model }: EngineModel, form: EngineForm) => {
    return { path: `/engines/${form}`, digest: sha256Digest(`${model} ${form}`) };
  };
  const context = {
    native: { addonPath: "/addon", backendPath: "/cpu.so", runtimePath: "/onnxruntime.so" },
    threads: 1,
    engineOf,
    objectPath: (digest: string) => `/objects/${digest}`,
  };

  it("is every lane with the bytes of its engine, and the backend of TensorRT", () => {
    const placeOf = () => placeOnSilicon({ accelerator: "split" }, XAVIER);
    const told = modelOptions(version, { ...context, placeOf });
    const lane = (accelerator: string, form: EngineForm) => {
      return { accelerator, ...engineOf(version.model, form), precision: "fp16" };
    };
    expect(told.lanes).toEqual([
      lane("gpu", "gpu fp16"),
      lane("dla0", "dla fp16"),
      lane("dla1", "dla fp16"),
    ]);
    expect(told).toMatchObject({
      ...engineOf(version.model, "gpu fp16"),
      ...{ backendPath: BACKEND, runtimePath: "" },
    });
  });

  it("is the processor's engine and backend where there is no place", () => {
    const placeOf = () => placeOnSilicon({}, { ...XAVIER, tensorrt: null });
    const options = modelOptions(version, { ...context, placeOf });
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
