import { describe, expect, it } from "vitest";
import { runsOn } from "../../../agent/supervise/runs-on.ts";

describe("where models run", () => {
  it.each<[string, ReturnType<typeof runsOn>]>([
    [
      "/opt/jetfleet/libjetfleet-backend-onnxruntime.so",
      { backend: "onnxruntime", accelerator: "cpu" },
    ],
    ["/opt/jetfleet/libjetfleet-backend-tensorrt.so", undefined],
    ["/opt/jetfleet/somebody-elses.so", undefined],
  ])("is told of %s as %j", (path, told) => expect(runsOn(path)).toEqual(told));
});
