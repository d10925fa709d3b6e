import { describe, expect, it } from "vitest";
import { type BackendQuestion, chooseBackend } from "../../../agent/supervise/choose-backend.ts";

const at = (name: string): string => `/opt/jetfleet/libjetfleet-backend-${name}.so`;
const ALL = ["onnxruntime", "tensorrt-10.3", "tensorrt-8.2", "tensorrt-8.5", "tensorrt-rtx-1.7"];

function question(changes: Partial<BackendQuestion>): BackendQuestion {
  return {
    accelerator: "gpu",
    objects: ALL.map(at),
    folders: ["/opt/jetfleet"],
    tensorrt: null,
    ...changes,
  };
}

describe("the backend for an accelerator", () => {
  it.each<[string, string | null, string, string]>([
    ["cpu", null, "onnxruntime", "onnxruntime"],
    ["cpu", "8.5.2-1+cuda11.4", "onnxruntime", "onnxruntime"],
    ["gpu", "8.2.1-1+cuda10.2", "tensorrt-8.2", "tensorrt 8.2"],
    ["gpu", "10.3.0.30-1+cuda12.5", "tensorrt-10.3", "tensorrt 10.3"],
    ["dla1", "8.5.2-1+cuda11.4", "tensorrt-8.5", "tensorrt 8.5"],
    ["gpu", null, "tensorrt-rtx-1.7", "tensorrt-rtx 1.7"],
  ])("%s with TensorRT %s is %s", (accelerator, tensorrt, object, name) => {
    const chosen = chooseBackend(question({ accelerator, tensorrt }));
    expect([chosen.backendPath, chosen.name]).toEqual([at(object), name]);
  });

  it("says of the others why not", () => {
    const { passedOver } = chooseBackend(question({ tensorrt: "8.5.2-1+cuda11.4" }));
    expect(passedOver).toEqual([
      { path: at("onnxruntime"), why: "runs on the processor" },
      {
        path: at("tensorrt-10.3"),
        why: "made for TensorRT 10.3, and 8.5.2-1+cuda11.4 is installed",
      },
      { path: at("tensorrt-8.2"), why: "made for TensorRT 8.2, and 8.5.2-1+cuda11.4 is installed" },
    ]);
  });

  it.each<[string, Partial<BackendQuestion>, RegExp, RegExp]>([
    [
      "a neighbouring generation",
      { tensorrt: "8.6.2-1" },
      /made for TensorRT 8.5, and 8.6.2-1/,
      /libnvinfer-dev/,
    ],
    ["no DLA without TensorRT", { accelerator: "dla0" }, /none is installed/, /libnvinfer8/],
    ["nothing there", { objects: [] }, /in \/opt\/jetfleet but found none/, /libnvinfer8/],
    [
      "no CPU backend",
      { accelerator: "cpu", objects: [at("tensorrt-8.5")] },
      /runs on GPUs/,
      /make -C native/,
    ],
    [
      "a foreign object",
      { objects: ["/x/libjetfleet-backend-tpu.so"] },
      /no backend of ours/,
      /libnvinfer/,
    ],
  ])("is refused: %s", (_what, changes, message, hint) => {
    const asked = question(changes);
    expect(() => chooseBackend(asked)).toThrow(message);
    expect(() => chooseBackend(asked)).toThrow(
      expect.objectContaining({ code: "NATIVE_LOAD", hint: expect.stringMatching(hint) }),
    );
  });
});
