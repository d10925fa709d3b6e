import { expect, test } from "vitest";
import { sourceOptions } from "../../../agent/supervise/native-options.ts";
import { PipelineSpec } from "../../../fleet/spec/index.ts";

test("each source has its own parts of the picture and those of all, and none where nothing was said", () => {
  const half = { left: 0, top: 0, width: 0.5, height: 1 };
  const other = { ...half, left: 0.5 };
  const spec = (regions?: object[]) =>
    PipelineSpec.parse({
      name: "entrance",
      sources: { cam: { uri: "rtsp://10.0.9.1/1" }, gate: { uri: "rtsp://10.0.9.2/1" } },
      detect: { model: "people", regions },
    });
  const regionsOf = (regions?: object[]) =>
    sourceOptions(spec(regions)).map((source) => [source.name, source.regions]);
  expect(regionsOf([half, { ...other, source: "gate" }])).toEqual([
    ["cam", [half]],
    ["gate", [half, other]],
  ]);
  expect(regionsOf([{ ...half, source: "cam" }])).toEqual([
    ["cam", [half]],
    ["gate", undefined],
  ]);
  expect(regionsOf()).toEqual([
    ["cam", undefined],
    ["gate", undefined],
  ]);
});
