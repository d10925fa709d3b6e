/** Whether models as others published them answer pictures of several sources in one run. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Decoder } from "../../fleet/spec/index.ts";
import { COCO, data, Fixture, fileSource, hasData, model, needsData, Run } from "./addon.ts";

const SOURCES = 3;
/** All of these were exported for one picture. */
const MODELS: [file: string, decoder: Decoder, labels: string[]][] = [
  ["yolox_nano.onnx", Decoder.enum.yolox, COCO],
  ["fastestdet.onnx", Decoder.enum.fastestdet, COCO],
  ["yunet_n_320.onnx", Decoder.enum.yunet, ["face"]],
  ["ultraface_rfb_320.onnx", Decoder.enum.ultraface, ["face"]],
];

describe.skipIf(!hasData)(`three sources take turns, and it is said why, on${needsData}`, () => {
  let fixture: Fixture;
  beforeAll(() => {
    fixture = new Fixture({ seconds: 1 });
  });
  afterAll(() => fixture.dispose());

  test.each(MODELS)("%s", async (file, decoder, labels) => {
    const sources = Array.from({ length: SOURCES }, (_, at) => ({
      ...fileSource(fixture.video),
      name: `camera-${at}`,
      loop: true,
    }));
    const options = fixture.options({
      sources,
      model: model(data(`models/${file}`), { decoder, labels }),
      statsIntervalMs: 200,
    });
    const run = await Run.start(options);
    await run.until(({ stats }) => stats.some((each) => each.batch !== undefined));
    await run.stop();
    const { batch } = run.stats.find((each) => each.batch !== undefined) ?? {};
    expect(batch).toEqual({ most: 1, why: "the model takes one picture in a run" });
  });
});
