import { describe, expect, it } from "vitest";
import { readCalibrationTable } from "../../../fleet/engine/index.ts";

const HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const MODEL = `sha256:${HEX}`;
const TABLE = `jetfleet calibration 1
method entropy-2
model ${HEX}
/head/conv weights 3c0103da
images 3f800000
`;
const read = (text: string) => readCalibrationTable(Buffer.from(text), MODEL);

describe("a calibration table", () => {
  it("tells its method and how many tensors have a range", () => {
    expect(read(TABLE)).toEqual({ method: "entropy-2", tensors: 2 });
    expect(read(TABLE.replace("entropy-2", "min-max")).method).toBe("min-max");
  });

  it.each([
    ["nothing", "", /first line but got ""/],
    ["TensorRT's own cache", "TRT-8601-EntropyCalibration2\nimages: 3c0103da\n", /first line/],
    ["an unknown method", TABLE.replace("entropy-2", "guess"), /second line/],
    ["no model", TABLE.replace(/model .*/, "model ?"), /third line/],
    [
      "another model",
      TABLE.replace(HEX, "0".repeat(64)),
      /one of model sha256:9f86.* but got one of sha256:000/,
    ],
    ["its end cut off", TABLE.slice(0, -1), /cut off/],
    ["no tensor", TABLE.split("images")[0]?.split("/head")[0] ?? "", /at least one tensor/],
    ["a tensor twice", `${TABLE}images 3f800000\n`, /line 6/],
    ["a scale that is no number", TABLE.replace("3f800000", "7fc00000"), /line 5/],
    ["a scale below zero", TABLE.replace("3f800000", "bf800000"), /line 5/],
    ["an empty line", `${TABLE}\n`, /line 6/],
    ["more than anyone needs", TABLE.padEnd(4 * 2 ** 20 + 1, "x"), /at most 4194304 bytes/],
  ])("is refused with %s", (_what, text, words) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
    expect(() => read(text)).toThrow(words);
  });
});
