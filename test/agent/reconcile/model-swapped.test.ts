import { describe, expect, it } from "vitest";
import { modelSwapped } from "../../../agent/reconcile/model-swapped.ts";
import { ModelSwappedData } from "../../../fleet/contract/index.ts";
import { versionOf } from "../support/desired.ts";

const from = versionOf("entrance", "one");
const to = versionOf("entrance", "two");
const swap = {
  way: "beside" as const,
  ...{ loadMs: 40, warmMs: 5, gapMs: 66.4 },
  ...{ firstIndex: 100, lastIndex: 99, firstSourceFrame: 512, lastSourceFrame: 509 },
};

describe("the event of an exchange of models", () => {
  it("counts lost frames by the numbers of the camera", () => {
    const event = modelSwapped(from, to, swap);
    expect(ModelSwappedData.parse(event.data)).toEqual({
      pipeline: "entrance",
      ...{ fromDigest: from.model.digest, toDigest: to.model.digest },
      way: "beside",
      ...{ countedBy: "source", firstFrame: 512, lastFrame: 509, framesLost: 2 },
      ...{ gapMs: 66.4, loadMs: 40, warmMs: 5 },
    });
    expect(event.message).toContain("from frame 512 on, 2 frames lost, 66 ms after the last one");
  });

  it.each([
    ["does not count", { firstSourceFrame: null, lastSourceFrame: null }],
    ["began anew", { firstSourceFrame: 0, lastSourceFrame: 512 }],
  ])("counts them by their order when the camera %s", (_what, change) => {
    expect(modelSwapped(from, to, { ...swap, ...change }).data).toMatchObject({
      ...{ countedBy: "index", firstFrame: 100, lastFrame: 99, framesLost: 0 },
    });
  });

  it("has no numbers when the source did not play", () => {
    const none = { firstSourceFrame: null, lastSourceFrame: null, firstIndex: null };
    const { data } = modelSwapped(from, to, { ...swap, ...none, lastIndex: null, gapMs: null });
    expect(ModelSwappedData.parse(data)).toMatchObject({ framesLost: null, gapMs: null });
  });
});
